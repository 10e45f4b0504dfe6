/** Who makes a tree of an image that is behind a network: one file each in this folder. */
import type { Container } from '../images/container.js';
import type { Workspace } from '../measure/workspace.js';
import type { Site } from '../remote-shaping/site.js';
import type { Mounted } from './baseline.js';

export interface RemoteBaseline {
  readonly name: string;
  /** Why it cannot be measured here; undefined where it can. */
  missing(): string | undefined;
  /** From nothing that is kept to a tree in which a program can be started. Throws BenchError. */
  obtain(container: Container, site: Site, workspace: Workspace): Promise<Mounted>;
}

/** Undoes in the order given, all of it even where one fails; then throws what failed first. */
export async function undoAll(steps: readonly (() => Promise<void> | void)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
