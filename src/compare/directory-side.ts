/** A directory of the system, such as a mount, as a side. No symbolic link is followed. */
import { closeSync, constants, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { PIECE_SIZE, type Xattr } from '../commands/content.js';
import { joinPath } from '../commands/walk.js';
import { getXattrNoFollow, listXattrNoFollow } from '../system/libc.js';
import type { Attr } from '../tree/tree.js';
import { type Side, type SideEntry, sortByName } from './side.js';

/** Handles are paths for system calls. */
export class DirectorySide implements Side<Buffer> {
  readonly #top: Buffer;
  readonly #buffer = new Uint8Array(PIECE_SIZE);

  constructor(path: string) {
    this.#top = Buffer.from(path);
  }

  /** The directory itself may be named by a link. */
  async top(): Promise<SideEntry<Buffer>> {
    const handle = Buffer.concat([this.#top, Buffer.from('/.')]);
    return { path: SELF, name: SELF, attr: attrOf(handle), handle };
  }

  async content(
    directory: SideEntry<Buffer>,
    problem: (path: Uint8Array, error: unknown) => void,
  ): Promise<SideEntry<Buffer>[]> {
    const entries: SideEntry<Buffer>[] = [];
    for (const name of readdirSync(directory.handle, { encoding: 'buffer' })) {
      const path = joinPath(directory.path, name);
      const handle = Buffer.concat([directory.handle, SLASH, name]);
      try {
        entries.push({ path, name, attr: attrOf(handle), handle });
      } catch (error) {
        problem(path, error);
      }
    }
    return sortByName(entries);
  }

  async target({ handle }: SideEntry<Buffer>): Promise<Uint8Array> {
    return readlinkSync(handle, { encoding: 'buffer' });
  }

  async xattrs({ handle }: SideEntry<Buffer>): Promise<Xattr[]> {
    const xattrs = listXattrNoFollow(handle).map((name) => ({ name, value: getXattrNoFollow(handle, name) }));
    return sortByName(xattrs);
  }

  async mark(): Promise<undefined> {
    return undefined;
  }

  async *pieces({ handle }: SideEntry<Buffer>): AsyncGenerator<Uint8Array> {
    const descriptor = openSync(handle, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      for (;;) {
        let filled = 0;
        while (filled < PIECE_SIZE) {
          const count = readSync(descriptor, this.#buffer, filled, PIECE_SIZE - filled, null);
          if (count === 0) break;
          filled += count;
        }
        if (filled > 0) yield this.#buffer.subarray(0, filled);
        if (filled < PIECE_SIZE) return;
      }
    } finally {
      closeSync(descriptor);
    }
  }
}

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
const SELF = Buffer.from('.');
const SLASH = Buffer.from('/');
const NANOSECONDS = 1_000_000_000n;

function attrOf(path: Buffer): Attr {
  const found = lstatSync(path, { bigint: true });
  const { rdev } = found;
  // seconds before 1970 are negative, and nanoseconds count forward from them
  const mtimeNanoseconds = ((found.mtimeNs % NANOSECONDS) + NANOSECONDS) % NANOSECONDS;
  return {
    ino: Number(found.ino),
    mode: Number(found.mode),
    uid: Number(found.uid),
    gid: Number(found.gid),
    nlink: Number(found.nlink),
    size: Number(found.size),
    blocks: Number(found.blocks),
    blockSize: Number(found.blksize),
    // as the C library takes device numbers apart
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xffff_f000n)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffff_ff00n)),
    mtimeSeconds: Number((found.mtimeNs - mtimeNanoseconds) / NANOSECONDS),
    mtimeNanoseconds: Number(mtimeNanoseconds),
  };
}
