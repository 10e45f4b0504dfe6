/** One directory block as its bytes say, entry by entry: nothing here refuses what follows (erofs-format §8). */
import { DIRENT_SIZE, NAME_MAX } from '../erofs-reader/layout.js';

const SLASH = 0x2f;
const DOT = 0x2e;

export class DirentBlock {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** byte of the directory where the block starts */
  readonly position: number;
  /** byte of the image, where the block is stored as it is */
  readonly offset: number | undefined;
  /** nameoff of the first entry, which says how many there are */
  readonly firstNameOffset: number;

  constructor(bytes: Uint8Array, position: number, offset: number | undefined) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = position;
    this.offset = offset;
    this.firstNameOffset = bytes.length < DIRENT_SIZE ? 0 : this.view.getUint16(8, true);
  }

  /** 0 where the first nameoff cannot be. */
  get count(): number {
    const first = this.firstNameOffset;
    const isPossible = first >= DIRENT_SIZE && first < this.bytes.length && first % DIRENT_SIZE === 0;
    return isPossible ? first / DIRENT_SIZE : 0;
  }

  /** Where the name of an entry starts and ends, which may be anywhere. */
  bounds(entry: number): { readonly start: number; readonly end: number } {
    const start = this.view.getUint16(entry * DIRENT_SIZE + 8, true);
    if (entry + 1 < this.count) {
      return { start, end: this.view.getUint16((entry + 1) * DIRENT_SIZE + 8, true) };
    }
    const end = this.bytes.indexOf(0, start);
    return { start, end: end < 0 ? Math.max(start, this.bytes.length) : end };
  }

  /** Whether something stands behind the NUL that ends the last name: readers do not see it. */
  get hasHiddenBytes(): boolean {
    if (this.name(this.count - 1) === undefined) return false;
    const { end } = this.bounds(this.count - 1);
    for (let at = end; at < this.bytes.length; at++) if (this.bytes[at] !== 0) return true;
    return false;
  }

  /** Borrowed; undefined where the name would not lie among the names of the block. */
  name(entry: number): Uint8Array | undefined {
    const { start, end } = this.bounds(entry);
    if (start < this.firstNameOffset || end < start || end > this.bytes.length) return undefined;
    return this.bytes.subarray(start, end);
  }
}

/** What no name can be, as the beginning of a sentence; undefined for a good one. */
export function nameProblem(name: Uint8Array): string | undefined {
  if (name.length === 0) return 'empty name';
  if (name.length > NAME_MAX) return `name of ${name.length} bytes, expected at most ${NAME_MAX}`;
  if (name.includes(SLASH)) return 'name with a slash';
  if (name.includes(0)) return 'name with a NUL';
  return undefined;
}

/** Whether the name is "." (`count` 1) or ".." (2). */
export function isDots(name: Uint8Array, count: number): boolean {
  return name.length === count && name.every((byte) => byte === DOT);
}

export function printable(name: Uint8Array): string {
  return JSON.stringify(Buffer.from(name).toString('latin1'));
}
