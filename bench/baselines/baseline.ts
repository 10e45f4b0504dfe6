/** Who serves an image that lies on this machine: one file each in this folder. */
import { join } from 'node:path';
import type { Workspace } from '../measure/workspace.js';

export interface Mounted {
  /** where the tree is */
  readonly path: string;
  /** Waits for the daemon's end. Throws BenchError. */
  unmount(): Promise<void>;
}

export interface Baseline {
  readonly name: string;
  /** which image of a tree it serves */
  readonly serves: 'erofs' | 'squashfs' | 'directory';
  /** Whether a new mount begins with nothing of the tree in the page cache: then cold can be told from warm. */
  readonly beginsCold: boolean;
  /** Why it cannot be measured here; undefined where it can. */
  missing(): string | undefined;
  /** as the program says it */
  version(): string;
  /** Returns when the mount answers. Throws BenchError, and leaves nothing mounted. */
  mount(image: string, workspace: Workspace): Promise<Mounted>;
}

export const OWN = 'erofs mount';

/** Where a mount of a baseline goes; the name of a daemon's log beside it. */
export const logBeside = (mountpoint: string): string => join(mountpoint, '..', 'mount.log');
