/** Directories: sorted names in blocks (erofs-format §8). */
import { hex, isNid, nidName, readNid } from './bytes.js';
import { corrupt, type ErofsError } from './errors.js';
import type { DataNode, ErofsImage } from './image.js';
import { DIRENT_SIZE, NAME_MAX } from './layout.js';
import { readData } from './read.js';

const SLASH = 0x2f;
const DOT = new Uint8Array([0x2e]);
const DIRECTORY_TYPE = 2;

/** A dirent. `name` is borrowed until the next call on the same directory. */
export interface Dirent {
  nid: number;
  name: Uint8Array;
  /** EROFS file type number, 0 to 7; a hint, the inode's mode decides */
  type: number;
  /** where to go on behind this entry */
  next: number;
}

/** One directory block, checked as far as finding names in it needs. */
class DirectoryBlock {
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly #view: DataView;
  readonly #nid: number;
  readonly #position: number;

  /** Throws 'corrupt' where the first nameoff cannot be. */
  constructor(bytes: Uint8Array, nid: number, position: number) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#nid = nid;
    this.#position = position;
    const first = bytes.length < DIRENT_SIZE ? 0 : this.#view.getUint16(8, true);
    if (first < DIRENT_SIZE || first >= bytes.length || first % DIRENT_SIZE !== 0) {
      throw this.#corrupt(0, `first nameoff ${first} in ${bytes.length} bytes`);
    }
    this.count = first / DIRENT_SIZE;
  }

  nid(entry: number): number {
    const what = `directory ${nidName(this.#nid)}: nid of entry ${entry}`;
    return readNid(this.#view, entry * DIRENT_SIZE, what, { nid: this.#nid, offset: this.#position });
  }

  type(entry: number): number {
    return this.bytes[entry * DIRENT_SIZE + 10]! & 7;
  }

  /** Throws 'corrupt' where the name leaves the block, is empty or too long. */
  name(entry: number): Uint8Array {
    const start = this.#view.getUint16(entry * DIRENT_SIZE + 8, true);
    let end: number;
    if (entry + 1 < this.count) {
      end = this.#view.getUint16((entry + 1) * DIRENT_SIZE + 8, true);
    } else {
      end = this.bytes.indexOf(0, start);
      if (end < 0) end = this.bytes.length;
    }
    if (
      start < this.count * DIRENT_SIZE ||
      end > this.bytes.length ||
      end <= start ||
      end - start > NAME_MAX
    ) {
      throw this.#corrupt(entry, `name at bytes ${start} to ${end} of a block of ${this.bytes.length}`);
    }
    return this.bytes.subarray(start, end);
  }

  /** An entry that leads nowhere: its name has a slash or a NUL, or its nid is outside any image. */
  invalidity(entry: number, name: Uint8Array): ErofsError | undefined {
    if (name.includes(SLASH)) return this.#corrupt(entry, `name with a slash, ${printable(name)}`);
    if (name.includes(0)) return this.#corrupt(entry, `name with a NUL, ${printable(name)}`);
    if (!isNid(this.#view, entry * DIRENT_SIZE)) {
      return this.#corrupt(entry, `nid outside any image, ${printable(name)}`);
    }
    return undefined;
  }

  #corrupt(entry: number, what: string): ErofsError {
    return corrupt(
      `directory ${nidName(this.#nid)}: entry ${entry} of the block at ${hex(this.#position)}: ${what}`,
      {
        nid: this.#nid,
        offset: this.#position,
      },
    );
  }
}

function readBlock(image: ErofsImage, node: DataNode, block: number): DirectoryBlock {
  const { blockSize } = image.geometry;
  const position = block * blockSize;
  const length = Math.min(blockSize, node.inode.size - position);
  const extent = node.mapper.map(position, position + length);
  const skip = position - extent.start;
  if (extent.kind === 'raw' && extent.length - skip >= length) {
    const view = image.bytes.view(extent.device, extent.offset + skip, length);
    return new DirectoryBlock(new Uint8Array(view.buffer, view.byteOffset, length), node.inode.nid, position);
  }
  const bytes = new Uint8Array(length);
  readData(image, node, position, bytes);
  return new DirectoryBlock(bytes, node.inode.nid, position);
}

/** Unsigned byte order, a shorter prefix first: the order of the format. */
export function compareNames(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

/**
 * The nid that `name` leads to, or undefined. Two binary searches, over the blocks' first names and inside a
 * block, as fs/erofs/namei.c does: names out of order are not found there either.
 */
export function lookupName(image: ErofsImage, node: DataNode, name: Uint8Array): number | undefined {
  if (node.inode.dotOmitted && name.length === 1 && name[0] === DOT[0]) return node.inode.nid;
  let low = 0;
  let high = Math.ceil(node.inode.size / image.geometry.blockSize) - 1;
  let found: DirectoryBlock | undefined;
  while (low <= high) {
    // a size is up to 2^53, and a shift takes 32 bits of it
    const middle = Math.floor((low + high) / 2);
    const block = readBlock(image, node, middle);
    const order = compareNames(block.name(0), name);
    if (order === 0) return block.nid(0);
    if (order < 0) {
      found = block;
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return found === undefined ? undefined : searchBlock(found, name);
}

function searchBlock(block: DirectoryBlock, name: Uint8Array): number | undefined {
  let low = 1;
  let high = block.count - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const order = compareNames(block.name(middle), name);
    if (order === 0) return block.nid(middle);
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/**
 * Gives the entries from `position` on (0, or a dirent's `next`), until `emit` returns false. Positions are
 * Linux's: the byte of the dirent in the directory's data. Invalid names are left out and reported.
 * Throws 'corrupt' where a block has no readable entry table, or a name leaves its block.
 */
export function readDirectory(
  image: ErofsImage,
  node: DataNode,
  position: number,
  emit: (dirent: Dirent) => boolean,
  report: (problem: ErofsError) => void,
): void {
  const { blockSize } = image.geometry;
  const { size } = node.inode;
  const dirent: Dirent = { nid: 0, name: DOT, type: 0, next: 0 };
  let entry = Math.ceil((position % blockSize) / DIRENT_SIZE);
  for (let number = Math.floor(position / blockSize); number * blockSize < size; number++) {
    const block = readBlock(image, node, number);
    const blockEnd = Math.min((number + 1) * blockSize, size);
    for (; entry < block.count; entry++) {
      dirent.name = block.name(entry);
      const invalid = block.invalidity(entry, dirent.name);
      if (invalid !== undefined) {
        report(invalid);
        continue;
      }
      dirent.nid = block.nid(entry);
      dirent.type = block.type(entry);
      dirent.next = entry + 1 < block.count ? number * blockSize + (entry + 1) * DIRENT_SIZE : blockEnd;
      if (!emit(dirent)) return;
    }
    entry = 0;
  }
  if (node.inode.dotOmitted && position <= size) {
    emit({ nid: node.inode.nid, name: DOT, type: DIRECTORY_TYPE, next: size + 1 });
  }
}

function printable(name: Uint8Array): string {
  return JSON.stringify(String.fromCharCode(...name));
}
