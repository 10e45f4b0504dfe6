/**
 * A Source that gives only bytes which match a root hash, over a Source of data and one of hash blocks.
 *
 * LAW: bytes are checked each time they enter memory, in the very memory they are used from, before anybody sees them;
 * storage is never believed twice. So destinations are private memory, not shared with another thread or a mapped
 * file. What does not match is read once more, from where it came rather than from where it was kept, then it is an
 * IntegrityError and the destination is zeroed. Only what lies in the blocks of a read can make it fail.
 */
import { ErofsError } from '../erofs-reader/errors.js';
import type { Verifier } from '../verity/verifier.js';
import { unlessAborted } from './abort.js';
import { HashBlocks } from './hash-blocks.js';
import type { HashMemory } from './hash-memory.js';
import type { BlobRange, Source } from './source.js';

export interface VerifiedParts {
  readonly data: Source;
  /** the same one where the tree is appended to the data */
  readonly hashes: Source;
  /** byte of `hashes` where the tree starts */
  readonly treeStart: number;
  readonly verifier: Verifier;
  /** where hash blocks are kept, or bytes for them; 8 MiB, its own, unless given, which serve a GiB of data at 4 KiB blocks of SHA-256 */
  readonly memory?: number | HashMemory | undefined;
}

const DEFAULT_MEMORY = 8 << 20;

export class VerifiedSource implements Source {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  /** bytes that are checked together */
  readonly blockSize: number;
  /** Present where both sources have it. False, too, where what is kept does not match. Throws IntegrityError, and as they do. */
  readonly readSync?: (dst: Uint8Array, offset: number) => boolean;
  /** Present where one of the sources has it: data and the hash blocks that it is checked by are here. */
  readonly isHere?: (offset: number, length: number) => boolean;
  /** Present where one of the sources has it: the data only, as a hash block is never taken before it matched. */
  readonly discard?: (offset: number, length: number) => void;
  readonly #data: Source;
  readonly #hashes: Source;
  readonly #verifier: Verifier;
  readonly #hashBlocks: HashBlocks;
  /** a verified block that was wanted in part: small reads in a row are of the same one */
  readonly #part: Uint8Array;
  #partNumber = -1;

  constructor({ data, hashes, treeStart, verifier, memory = DEFAULT_MEMORY }: VerifiedParts) {
    this.id = `verified:${Buffer.from(verifier.root).toString('hex')}:${data.id}`;
    this.name = data.name;
    this.size = verifier.dataSize;
    this.#data = data;
    this.#hashes = hashes;
    this.#verifier = verifier;
    this.#hashBlocks = new HashBlocks(hashes, treeStart, verifier, memory);
    this.blockSize = verifier.shape.dataBlockSize;
    this.#part = new Uint8Array(this.blockSize);
    if (data.readSync !== undefined && hashes.readSync !== undefined) {
      this.readSync = (dst, offset) => this.#readSync(dst, offset);
      if (data.isHere !== undefined || hashes.isHere !== undefined) {
        this.isHere = (offset, length) => this.#isHere(offset, length);
      }
    }
    if (data.discard !== undefined) this.discard = (offset, length) => data.discard!(offset, length);
  }

  async read(ranges: readonly BlobRange[], signal?: AbortSignal): Promise<Uint8Array[]> {
    for (const { offset, length } of ranges) this.#checkRange(offset, length);
    const numbers = this.#blocksOf(ranges);
    const early = this.#startData(numbers, signal);
    // not with the signal: others may wait for the same hash blocks
    const leaves = await unlessAborted(this.#hashBlocks.leaves(numbers), signal);
    const leafOf = (block: number) =>
      this.#verifier.shape.levels === 0 ? undefined : leaves.get(this.#verifier.shape.hashBlock(0, block));
    const wanted = numbers.filter((block) => !this.#verifier.isZero(block, leafOf(block)));
    const fetched = await (early ?? this.#fetchRuns(wanted, signal));
    const blocks = await this.#verified(wanted, fetched, leafOf, signal);
    return ranges.map((range) => this.#assemble(range, blocks));
  }

  /**
   * Where bytes take long to come, data is asked for together with the hash blocks that it is checked by, not after them:
   * one round trip in the place of two. It costs the blocks that then turn out to be zeros, which images hardly have.
   */
  #startData(
    numbers: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<Map<number, Uint8Array>> | undefined {
    if (this.#data.isHere === undefined || this.#verifier.shape.levels === 0) return undefined;
    if (numbers.every((block) => this.#hashBlocks.isHere(block))) return undefined;
    const started = this.#fetchRuns(numbers, signal);
    // the hash blocks may fail first, and then nobody waits for this
    started.catch(() => {});
    return started;
  }

  close(): void {
    this.#hashBlocks.clear();
    this.#partNumber = -1;
    this.#data.close();
    if (this.#hashes !== this.#data) this.#hashes.close();
  }

  #isHere(offset: number, length: number): boolean {
    const { shape } = this.#verifier;
    // a tree without levels is one over a single block
    const underLeaf = (shape.levels === 0 ? 1 : shape.coverage(0)) * this.blockSize;
    const end = offset + length;
    for (let at = offset; at < end; ) {
      const next = Math.min(end, (Math.floor(at / underLeaf) + 1) * underLeaf);
      if (!this.#hashBlocks.isHere(Math.floor(at / this.blockSize))) return false;
      if (!this.#isDataHere(at, next)) return false;
      at = next;
    }
    return true;
  }

  /** Bytes under one leaf. Blocks that are known to be zeros need not be anywhere. */
  #isDataHere(offset: number, end: number): boolean {
    const first = Math.floor(offset / this.blockSize);
    const last = Math.ceil(end / this.blockSize);
    const start = first * this.blockSize;
    const whole = Math.min(this.size, last * this.blockSize) - start;
    if (this.#data.isHere?.(start, whole) !== false) return true;
    const leaf = this.#hashBlocks.keptLeaf(first);
    if (leaf === undefined && this.#verifier.shape.levels > 0) return false;
    for (let block = first; block < last; block++) {
      if (this.#verifier.isZero(block, leaf)) continue;
      if (this.#data.isHere?.(block * this.blockSize, this.#lengthOf(block)) === false) return false;
    }
    return true;
  }

  #readSync(dst: Uint8Array, offset: number): boolean {
    this.#checkRange(offset, dst.length);
    try {
      return this.#fill(dst, offset);
    } catch (error) {
      dst.fill(0);
      throw error;
    }
  }

  /** Runs of whole blocks are read straight into dst and checked there, blocks wanted in part through `#part`. */
  #fill(dst: Uint8Array, offset: number): boolean {
    const end = offset + dst.length;
    for (let block = Math.floor(offset / this.blockSize); block * this.blockSize < end; ) {
      const runEnd = this.#runEnd(block, offset, end);
      if (runEnd > block) {
        if (!this.#readRun(dst, offset, block, runEnd)) return false;
        block = runEnd;
      } else {
        if (!this.#readPart(dst, offset, block)) return false;
        block++;
      }
    }
    return true;
  }

  /** The block after the last of those from `block` on that are wanted whole and have to be read. */
  #runEnd(block: number, offset: number, end: number): number {
    let number = block;
    while (number * this.blockSize >= offset && number * this.blockSize < end) {
      if (number * this.blockSize + this.#lengthOf(number) > end) break;
      const leaf = this.#hashBlocks.leafSync(number);
      if (leaf === false || this.#verifier.isZero(number, leaf)) break;
      number++;
    }
    return number;
  }

  #readRun(dst: Uint8Array, offset: number, first: number, end: number): boolean {
    const start = first * this.blockSize - offset;
    const length = (end - 1 - first) * this.blockSize + this.#lengthOf(end - 1);
    const run = length === dst.length ? dst : dst.subarray(start, start + length);
    if (!this.#data.readSync!(run, first * this.blockSize)) return false;
    for (let block = first; block < end; block++) {
      const at = block * this.blockSize - offset;
      if (!this.#checkSync(block, dst.subarray(at, at + this.#lengthOf(block)))) return false;
    }
    return true;
  }

  #readPart(dst: Uint8Array, offset: number, block: number): boolean {
    const start = block * this.blockSize;
    const from = Math.max(0, offset - start);
    const to = Math.min(this.#lengthOf(block), offset + dst.length - start);
    const at = start + from - offset;
    const leaf = this.#hashBlocks.leafSync(block);
    if (leaf === false) return false;
    if (this.#verifier.isZero(block, leaf)) {
      dst.fill(0, at, at + to - from);
      return true;
    }
    if (this.#partNumber !== block) {
      const part = this.#part.subarray(0, this.#lengthOf(block));
      this.#partNumber = -1;
      if (!this.#data.readSync!(part, start) || !this.#checkSync(block, part)) return false;
      this.#partNumber = block;
    }
    dst.set(this.#part.subarray(from, to), at);
    return true;
  }

  /** False where the block has to be read again and only read() can: from where it came. */
  #checkSync(block: number, bytes: Uint8Array): boolean {
    const leaf = this.#hashBlocks.leafSync(block);
    if (leaf === false) return false;
    if (this.#verifier.dataMatches(block, bytes, leaf)) return true;
    if (this.#data.discard !== undefined) return false;
    if (!this.#data.readSync!(bytes, block * this.blockSize)) return false;
    this.#requireMatch(block, bytes, leaf);
    return true;
  }

  /** The blocks out of `fetched`, each as it matches; one that does not is read once more. */
  async #verified(
    numbers: readonly number[],
    fetched: ReadonlyMap<number, Uint8Array>,
    leafOf: (block: number) => Uint8Array | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Map<number, Uint8Array>> {
    const blocks = new Map<number, Uint8Array>();
    const wrong: number[] = [];
    for (const block of numbers) {
      const bytes = fetched.get(block)!;
      if (this.#verifier.dataMatches(block, bytes, leafOf(block))) blocks.set(block, bytes);
      else wrong.push(block);
    }
    for (const block of wrong) this.#data.discard?.(block * this.blockSize, this.#lengthOf(block));
    for (const [block, bytes] of await this.#fetchRuns(wrong, signal)) {
      this.#requireMatch(block, bytes, leafOf(block));
      blocks.set(block, bytes);
    }
    return blocks;
  }

  /** One read for all blocks, which are in ascending order, neighbours as one range. Not verified yet. */
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
