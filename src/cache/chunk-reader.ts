/**
 * Kept chunks, read from disk.
 *
 * LAW: the checksum of a block is compared each time that its bytes come from the file, so that neither a write that was
 * cut off, nor a region that somebody evicts at this moment, nor a bad disk is ever served. CRC-32 of node:zlib: 6.5 GB/s,
 * where SHA-1 and SHA-256 have 1.8, and reading from the page cache 20.
 */
import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { BlobFiles } from './chunk-files.js';
import type { IndexLayout } from './chunk-index.js';
import type { ChunkRecords } from './chunk-records.js';

export class ChunkReader {
  readonly #files: BlobFiles;
  readonly #layout: IndexLayout;
  readonly #records: ChunkRecords;
  /** for blocks of which only a part is wanted, as metadata is read: the last one stays */
  readonly #part: Uint8Array;
  #partBlock = -1;
  #partSeal = 0;
  /** whether the last block that did not match had lost its record before */
  #wasEvicted = false;

  constructor(files: BlobFiles, records: ChunkRecords) {
    this.#files = files;
    this.#layout = files.layout;
    this.#records = records;
    this.#part = new Uint8Array(files.layout.blockSize);
  }

  /** Fills dst from `offset`; false, with dst undefined, where a chunk is not here. Throws the system's error. */
  read(dst: Uint8Array, offset: number): boolean {
    const { blockSize } = this.#layout;
    for (let filled = 0; filled < dst.length; ) {
      const block = Math.floor((offset + filled) / blockSize);
      const skip = offset + filled - block * blockSize;
      const length = this.#layout.blockLength(block);
      if (length <= skip) return false;
      const count = Math.min(length - skip, dst.length - filled);
      if (count < length) {
        if (!this.#loadPart(block, length)) return false;
        dst.set(this.#part.subarray(skip, skip + count), filled);
        filled += count;
      } else {
        const run = this.#readRun(dst, filled, block);
        if (run === 0) return false;
        filled += run;
      }
    }
    this.#noteUse(offset, dst.length);
    return true;
  }

  /** Whether a chunk is here with right bytes; one that is damaged is absent from now on. Throws the system's error. */
  check(chunk: number): 'intact' | 'absent' | 'damaged' {
    const { blocks } = this.#layout;
    if (!this.#records.hasNow(chunk)) return 'absent';
    this.#partBlock = -1;
    for (let block = chunk * blocks; block < (chunk + 1) * blocks; block++) {
      const length = this.#layout.blockLength(block);
      if (length <= 0) break;
      if (!this.#loadPart(block, length)) return this.#wasEvicted ? 'absent' : 'damaged';
    }
    return 'intact';
  }

  #noteUse(offset: number, length: number): void {
    const { regionSize } = this.#layout;
    for (let region = Math.floor(offset / regionSize); region * regionSize < offset + length; region++) {
      this.#records.use(region);
    }
  }

  #loadPart(block: number, length: number): boolean {
    const chunk = Math.floor(block / this.#layout.blocks);
    if (block === this.#partBlock && this.#records.seal(chunk) === this.#partSeal) return true;
    this.#partBlock = -1;
    if (this.#readRun(this.#part.subarray(0, length), 0, block) === 0) return false;
    this.#partBlock = block;
    this.#partSeal = this.#records.seal(chunk);
    return true;
  }

  /** Reads the whole blocks that fit from dst[at] on, at once, and returns their bytes; 0 where one is not here. */
  #readRun(dst: Uint8Array, at: number, first: number): number {
    const { blocks, blockSize } = this.#layout;
    let end = first;
    let length = 0;
    for (let chunk = -1; ; end++) {
      const next = this.#layout.blockLength(end);
      if (next <= 0 || at + length + next > dst.length) break;
      const before = chunk;
      chunk = Math.floor(end / blocks);
      if (chunk !== before && !this.#records.has(chunk)) return this.#isEvicted();
      length += next;
    }
    const read = readSync(this.#files.data, dst, at, length, first * blockSize);
    for (let block = first, start = 0; block < end; block++, start += blockSize) {
      const size = this.#layout.blockLength(block);
      const bytes = dst.subarray(at + start, at + start + size);
      const isRight = start + size <= read && crc32(bytes) === this.#records.checksum(block);
      if (!isRight && !this.#readAgain(bytes, block)) return 0;
    }
    return length;
  }

  /** The bytes did not match: the chunk was evicted or written anew meanwhile, or it is damaged, and absent from now on. */
  #readAgain(bytes: Uint8Array, block: number): boolean {
    const { blocks, blockSize } = this.#layout;
    const chunk = Math.floor(block / blocks);
    if (!this.#records.hasNow(chunk)) return this.#isEvicted() > 0;
    const seal = this.#records.seal(chunk);
    const read = readSync(this.#files.data, bytes, 0, bytes.length, block * blockSize);
    if (read === bytes.length && crc32(bytes) === this.#records.checksum(block)) return true;
    this.#wasEvicted = !this.#records.hasNow(chunk);
    if (this.#records.seal(chunk) === seal && this.#files.isWritable) this.#records.clear(chunk);
    return false;
  }

  #isEvicted(): 0 {
    this.#wasEvicted = true;
    return 0;
  }
}
