/**
 * A Source that gives only bytes which match a root hash, over a Source of data and one of hash blocks.
 *
 * LAW: bytes are checked each time they enter memory, in the very memory they are used from, before anybody sees them;
 * storage is never believed twice. So destinations are private memory, not shared with another thread or a mapped
 * file. What does not match is read once more, then it is an IntegrityError and the destination is zeroed. Only what
 * lies in the blocks of a read can make it fail.
 */
import { ErofsError } from '../erofs-reader/errors.js';
import type { Verifier } from '../verity/verifier.js';
import { HashBlocks } from './hash-blocks.js';
import type { BlobRange, Source } from './source.js';

export interface VerifiedParts {
  readonly data: Source;
  /** the same one where the tree is appended to the data */
  readonly hashes: Source;
  /** byte of `hashes` where the tree starts */
  readonly treeStart: number;
  readonly verifier: Verifier;
  /** bytes of leaf hash blocks that are kept; 8 MiB serve a GiB of data at 4 KiB blocks of SHA-256 */
  readonly budget?: number;
}

const DEFAULT_BUDGET = 8 << 20;

export class VerifiedSource implements Source {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  /** bytes that are checked together */
  readonly blockSize: number;
  /** Present where both sources have it. Throws IntegrityError, and as they do. */
  readonly readSync?: (dst: Uint8Array, offset: number) => void;
  readonly #data: Source;
  readonly #hashes: Source;
  readonly #verifier: Verifier;
  readonly #hashBlocks: HashBlocks;
  /** a verified block that was wanted in part: small reads in a row are of the same one */
  readonly #part: Uint8Array;
  #partNumber = -1;

  constructor({ data, hashes, treeStart, verifier, budget = DEFAULT_BUDGET }: VerifiedParts) {
    this.id = `verified:${Buffer.from(verifier.root).toString('hex')}:${data.id}`;
    this.name = data.name;
    this.size = verifier.dataSize;
    this.#data = data;
    this.#hashes = hashes;
    this.#verifier = verifier;
    this.#hashBlocks = new HashBlocks(hashes, treeStart, verifier, budget);
    this.blockSize = verifier.shape.dataBlockSize;
    this.#part = new Uint8Array(this.blockSize);
    if (data.readSync !== undefined && hashes.readSync !== undefined) {
      this.readSync = (dst, offset) => this.#readSync(dst, offset);
    }
  }

  async read(ranges: readonly BlobRange[], signal?: AbortSignal): Promise<Uint8Array[]> {
    for (const { offset, length } of ranges) this.#checkRange(offset, length);
    const numbers = this.#blocksOf(ranges);
    // not with the signal: others may wait for the same hash blocks
    const leaves = await this.#hashBlocks.leaves(numbers);
    const leafOf = (block: number) =>
      this.#verifier.shape.levels === 0 ? undefined : leaves.get(this.#verifier.shape.hashBlock(0, block));
    const blocks = await this.#fetch(
      numbers.filter((block) => !this.#verifier.isZero(block, leafOf(block))),
      leafOf,
      signal,
    );
    return ranges.map((range) => this.#assemble(range, blocks));
  }

  close(): void {
    this.#hashBlocks.clear();
    this.#partNumber = -1;
    this.#data.close();
    if (this.#hashes !== this.#data) this.#hashes.close();
  }

  #readSync(dst: Uint8Array, offset: number): void {
    this.#checkRange(offset, dst.length);
    try {
      this.#fill(dst, offset);
    } catch (error) {
      dst.fill(0);
      throw error;
    }
  }

  /** Runs of whole blocks are read straight into dst and checked there, blocks wanted in part through `#part`. */
  #fill(dst: Uint8Array, offset: number): void {
    const end = offset + dst.length;
    for (let block = Math.floor(offset / this.blockSize); block * this.blockSize < end; ) {
      const runEnd = this.#runEnd(block, offset, end);
      if (runEnd > block) {
        this.#readRun(dst, offset, block, runEnd);
        block = runEnd;
      } else {
        this.#readPart(dst, offset, block);
        block++;
      }
    }
  }

  /** The block after the last of those from `block` on that are wanted whole and have to be read. */
  #runEnd(block: number, offset: number, end: number): number {
    let number = block;
    while (number * this.blockSize >= offset && number * this.blockSize < end) {
      if (number * this.blockSize + this.#lengthOf(number) > end) break;
      if (this.#verifier.isZero(number, this.#hashBlocks.leafSync(number))) break;
      number++;
    }
    return number;
  }

  #readRun(dst: Uint8Array, offset: number, first: number, end: number): void {
    const start = first * this.blockSize - offset;
    const length = (end - 1 - first) * this.blockSize + this.#lengthOf(end - 1);
    this.#data.readSync!(
      length === dst.length ? dst : dst.subarray(start, start + length),
      first * this.blockSize,
    );
    for (let block = first; block < end; block++) {
      const at = block * this.blockSize - offset;
      this.#checkSync(block, dst.subarray(at, at + this.#lengthOf(block)));
    }
  }

  #readPart(dst: Uint8Array, offset: number, block: number): void {
    const start = block * this.blockSize;
    const from = Math.max(0, offset - start);
    const to = Math.min(this.#lengthOf(block), offset + dst.length - start);
    const at = start + from - offset;
    if (this.#verifier.isZero(block, this.#hashBlocks.leafSync(block))) {
      dst.fill(0, at, at + to - from);
      return;
    }
    if (this.#partNumber !== block) {
      const part = this.#part.subarray(0, this.#lengthOf(block));
      this.#partNumber = -1;
      this.#data.readSync!(part, start);
      this.#checkSync(block, part);
      this.#partNumber = block;
    }
    dst.set(this.#part.subarray(from, to), at);
  }

  #checkSync(block: number, bytes: Uint8Array): void {
    const leaf = this.#hashBlocks.leafSync(block);
    if (this.#verifier.dataMatches(block, bytes, leaf)) return;
    this.#data.readSync!(bytes, block * this.blockSize);
    this.#requireMatch(block, bytes, leaf);
  }

  /** The verified bytes of the blocks, which are in ascending order. */
  async #fetch(
    numbers: readonly number[],
    leafOf: (block: number) => Uint8Array | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Map<number, Uint8Array>> {
    const blocks = await this.#fetchRuns(numbers, signal);
    const wrong = numbers.filter(
      (block) => !this.#verifier.dataMatches(block, blocks.get(block)!, leafOf(block)),
    );
    for (const [block, bytes] of await this.#fetchRuns(wrong, signal)) {
      this.#requireMatch(block, bytes, leafOf(block));
      blocks.set(block, bytes);
    }
    return blocks;
  }

  /** One read for all blocks, neighbours as one range. Not verified yet. */
  async #fetchRuns(
    numbers: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<Map<number, Uint8Array>> {
    const blocks = new Map<number, Uint8Array>();
    if (numbers.length === 0) return blocks;
    const runs: { offset: number; length: number }[] = [];
    for (const block of numbers) {
      const offset = block * this.blockSize;
      const run = runs.at(-1);
      if (run !== undefined && run.offset + run.length === offset) run.length += this.#lengthOf(block);
      else runs.push({ offset, length: this.#lengthOf(block) });
    }
    const fetched = await this.#data.read(runs, signal);
    for (const [i, { offset, length }] of runs.entries()) {
      for (let at = 0; at < length; at += this.blockSize) {
        blocks.set((offset + at) / this.blockSize, fetched[i]!.subarray(at, at + this.blockSize));
      }
    }
    return blocks;
  }

  #requireMatch(block: number, bytes: Uint8Array, leaf: Uint8Array | undefined): void {
    if (this.#verifier.dataMatches(block, bytes, leaf)) return;
    throw this.#verifier.dataError(this.name, block, bytes, leaf);
  }

  /** A block that is not among `blocks` is one of zeros. */
  #assemble({ offset, length }: BlobRange, blocks: ReadonlyMap<number, Uint8Array>): Uint8Array {
    const assembled = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      const number = Math.floor((offset + filled) / this.blockSize);
      const skip = offset + filled - number * this.blockSize;
      const count = Math.min(this.blockSize - skip, length - filled);
      const block = blocks.get(number);
      if (block !== undefined) assembled.set(block.subarray(skip, skip + count), filled);
      filled += count;
    }
    return assembled;
  }

  /** Numbers of the blocks that ranges lie in, ascending, each once. */
  #blocksOf(ranges: readonly BlobRange[]): number[] {
    const numbers = new Set<number>();
    for (const { offset, length } of ranges) {
      const end = offset + length;
      const first = Math.floor(offset / this.blockSize);
      for (let block = first; block * this.blockSize < end; block++) numbers.add(block);
    }
    return [...numbers].sort((a, b) => a - b);
  }

  /** Bytes of a block: fewer than the block size where the data ends. */
  #lengthOf(block: number): number {
    return Math.min(this.blockSize, this.size - block * this.blockSize);
  }

  #checkRange(offset: number, length: number): void {
    if (offset + length <= this.size) return;
    throw new ErofsError(
      'truncated',
      `${this.name}: the hash tree covers ${this.size} bytes, ${length} bytes were wanted from byte ${offset} on`,
      { offset },
    );
  }
}
