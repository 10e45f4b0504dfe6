/** A local file or block device as a Source. */
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { ErofsError } from '../erofs-reader/errors.js';
import { type Heat, readHeat } from '../statistics/read-heat.js';
import { FileVersion } from './file-version.js';
import { type BlobRange, readRanges, type Source } from './source.js';

const SECTOR_SIZE = 512;

export interface FileOptions {
  /** reading it fails once the file was found to have changed; for what nothing else verifies */
  readonly watched?: boolean;
}

/** Throws the system's error (ENOENT, EACCES, …), or code 'EISDIR' where the path is a directory. */
export function openFileSource(path: string, options: FileOptions = {}): Source {
  // Without O_NONBLOCK the opening of a fifo waits for a writer that may never come; files do not mind it.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return new FileSource(path, descriptor, options);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Takes the descriptor over: closing the source closes it. */
export class FileSource implements Source {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly #descriptor: number;
  readonly #version: FileVersion | undefined;
  readonly #heat: Heat;

  constructor(path: string, descriptor: number, { watched = false }: FileOptions = {}) {
    const stat = fstatSync(descriptor);
    if (!stat.isFile() && !stat.isBlockDevice()) {
      throw Object.assign(new Error(`${path} is neither a file nor a block device`), {
        code: stat.isDirectory() ? 'EISDIR' : 'EINVAL',
        path,
      });
    }
    this.name = path;
    this.size = stat.isBlockDevice() ? blockDeviceSize(stat.rdev) : stat.size;
    this.id = `file:${stat.dev}:${stat.ino}:${this.size}:${stat.mtimeMs}`;
    this.#heat = readHeat.of(this.id, this.size);
    this.#descriptor = descriptor;
    // a device's node tells nothing of its bytes
    this.#version = watched && stat.isFile() ? new FileVersion(path, descriptor, stat) : undefined;
  }

  readSync(dst: Uint8Array, offset: number): boolean {
    let filled = 0;
    while (filled < dst.length) {
      const count = readSync(this.#descriptor, dst, filled, dst.length - filled, offset + filled);
      if (count === 0) {
        throw new ErofsError(
          'truncated',
          `${this.name} ends at byte ${offset + filled}, ${dst.length} bytes were wanted from byte ${offset} on`,
          { offset: offset + filled },
        );
      }
      filled += count;
    }
    this.#version?.check();
    this.#heat.note(offset, dst.length);
    return true;
  }

  async read(ranges: readonly BlobRange[]): Promise<Uint8Array[]> {
    return readRanges(this, ranges);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** fstat says 0 for a block device; the kernel tells its sectors in sysfs. */
function blockDeviceSize(rdev: number): number {
  const major = ((rdev >>> 8) & 0xfff) | 0;
  const minor = (rdev & 0xff) | ((rdev >>> 12) & 0xfff00);
  return Number(readFileSync(`/sys/dev/block/${major}:${minor}/size`, 'utf8')) * SECTOR_SIZE;
}
