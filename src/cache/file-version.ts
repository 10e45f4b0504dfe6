/**
 * Whether a local image is still what was opened. An open descriptor keeps the file, so that replacing or deleting it changes
 * nothing; but nobody who writes into it says so, and what was read before must not be mixed with what stands there now.
 *
 * Size and time of the last write are looked at: not the time of change, which a rename of the file sets, too.
 */
import { fstatSync, type Stats } from 'node:fs';
import { CacheError } from './cache-directory.js';

/**
 * Milliseconds, monotonic. fstat costs 1.5 µs, which is a tenth of a small pread: one a second costs nothing, and bounds for how
 * long bytes of two versions may be given. Where that is too long, an image can be verified.
 */
const INTERVAL = 1000;

export class FileVersion {
  readonly #descriptor: number;
  readonly #name: string;
  readonly #size: number;
  readonly #modified: number;
  #checked: number;
  #failure: CacheError | undefined;

  /** `opened` is what fstat says of `descriptor`. */
  constructor(name: string, descriptor: number, opened: Stats) {
    this.#descriptor = descriptor;
    this.#name = name;
    this.#size = opened.size;
    this.#modified = opened.mtimeMs;
    this.#checked = performance.now();
  }

  /** After each read. Throws CacheError 'stale' from the time on at which the file was found to be written to. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    const now = performance.now();
    if (now - this.#checked < INTERVAL) return;
    this.#checked = now;
    const { size, mtimeMs } = fstatSync(this.#descriptor);
    if (size === this.#size && mtimeMs === this.#modified) return;
    const change =
      size === this.#size
        ? `written to at ${new Date(mtimeMs).toISOString()}`
        : `${this.#size} bytes, now ${size}`;
    this.#failure = new CacheError(
      'stale',
      `${this.#name} has changed since it was opened (${change}): its old bytes are lost; unmount, and mount what it is now`,
    );
    throw this.#failure;
  }
}
