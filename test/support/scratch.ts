/** A private folder for one test file's mountpoints, images and logs; whatever happens, nothing of it stays. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mountsBelow, processesWith } from './mount-table.js';
import { giveToPlain, isRoot, type User } from './user.js';

/** Milliseconds. tap's own 30 seconds are too short for a suite of mounts. */
const fileLimit = 250_000;

/** What is asked of a test, or of what else uses the supports of tests. */
export interface Ending {
  /** does the work when it has ended */
  teardown(work: () => unknown): void;
  setTimeout(milliseconds: number): void;
}

export class Scratch {
  readonly path: string;
  #count = 0;

  constructor(t: Ending) {
    this.path = mkdtempSync(join(tmpdir(), 'suite-'));
    chmodSync(this.path, 0o755);
    t.setTimeout(fileLimit);
    t.teardown(() => this.#clean());
    // a file that tap ends at its time limit gets no teardown
    process.once('exit', () => this.#clean());
  }

  /** An empty folder that `user` owns. */
  folder(user: User = 'self', name = 'folder'): string {
    this.#count += 1;
    const path = join(this.path, `${name}-${this.#count}`);
    mkdirSync(path);
    if (user === 'plain') giveToPlain(path);
    return path;
  }

  /** A path for a file, made where `content` is given; everybody may read it. */
  file(name: string, content?: string | Uint8Array): string {
    this.#count += 1;
    const path = join(this.path, `${this.#count}-${name}`);
    if (content !== undefined) writeFileSync(path, content, { mode: 0o644 });
    return path;
  }

  /**
   * Aborts what still waits for a dead daemon, detaches every mount, ends the daemons that were started here. The
   * folder is removed only when nothing is mounted in it any more. Does nothing a second time.
   */
  #clean(): void {
    for (const { mountpoint, type, minor } of mountsBelow(this.path).reverse()) {
      if (type.startsWith('fuse')) abort(minor);
      if (isRoot) spawnSync('umount', ['-l', mountpoint]);
      else spawnSync('fusermount3', ['-u', '-z', mountpoint]);
    }
    for (const { pid } of processesWith(this.path)) end(pid);
    if (mountsBelow(this.path).length === 0) rmSync(this.path, { recursive: true, force: true });
  }
}

function abort(minor: number): void {
  try {
    writeFileSync(`/sys/fs/fuse/connections/${minor}/abort`, '1');
  } catch {
    // ended already, or fusectl is not mounted here
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ended already
  }
}
