/**
 * A private folder for mountpoints, logs and caches of one run. Whatever happens, nothing of it stays: no mount, no daemon, no
 * file; also after Ctrl-C.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mountsBelow, processesWith } from '../../test/support/mount-table.js';
import { isRoot } from './root.js';

const ENDED_BY = { SIGINT: 130, SIGTERM: 143 } as const;

export class Workspace {
  readonly path = mkdtempSync(join(tmpdir(), 'erofs-bench-'));
  #count = 0;

  constructor() {
    process.once('exit', () => this.clean());
    for (const [signal, status] of Object.entries(ENDED_BY)) {
      process.once(signal, () => process.exit(status));
    }
  }

  /** An empty folder. */
  folder(name: string): string {
    const path = this.file(name);
    mkdirSync(path);
    return path;
  }

  /** A path where nothing is. */
  file(name: string): string {
    this.#count += 1;
    return join(this.path, `${this.#count}-${name}`);
  }

  /** Nothing is removed below what could not be unmounted. */
  clean(): void {
    for (const { mountpoint } of mountsBelow(this.path).reverse()) {
      if (isRoot) spawnSync('umount', ['-l', mountpoint]);
      else spawnSync('fusermount3', ['-u', '-z', mountpoint]);
    }
    for (const { pid } of processesWith(this.path)) end(pid);
    if (mountsBelow(this.path).length === 0) rmSync(this.path, { recursive: true, force: true });
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
