/**
 * The reader's ByteView over sources: metadata through cached blocks, data straight to where it is wanted.
 *
 * What a source does not have here is thrown as a Miss. Blocks fetched for a running operation are pinned until it ends,
 * so that eviction, here or in the source, cannot take the first while the second arrives.
 */
import type { ByteRange, ByteView, Miss } from '../erofs-reader/bytes.js';
import { ErofsError } from '../erofs-reader/errors.js';
import { Count, counters } from '../statistics/counters.js';
import { BlockMemory, DEVICE_STRIDE } from './block-memory.js';
import type { Fillable, Pins } from './driver.js';
import { allSettled } from './settled.js';
import type { BlobRange, Source } from './source.js';

/** One device: a source, or the part of it from byte `base` on. */
export interface CachedDevice {
  readonly source: Source;
  readonly base: number;
}

export class BlockCache implements ByteView, Fillable {
  readonly sizes: readonly number[];
  readonly #devices: readonly CachedDevice[];
  readonly #blockSize: number;
  readonly #memory: BlockMemory;
  /** what the first device is called in the memory */
  readonly #firstDevice: number;

  /** `memory`: bytes of its own, or what is shared with other views, where its devices count from `firstDevice`. */
  constructor(
    devices: readonly CachedDevice[],
    memory: number | BlockMemory,
    blockSize: number,
    firstDevice = 0,
  ) {
    this.sizes = devices.map(({ source, base }) => Math.max(0, source.size - base));
    this.#devices = devices;
    this.#blockSize = blockSize;
    this.#memory = typeof memory === 'number' ? new BlockMemory(memory) : memory;
    this.#firstDevice = firstDevice;
  }

  view(device: number, offset: number, length: number): DataView {
    this.#checkRange(device, offset, length);
    const first = Math.floor(offset / this.#blockSize);
    const skip = offset - first * this.#blockSize;
    if (skip + length <= this.#blockSize) {
      const block = this.#block(device, first);
      if (block === undefined) throw this.#miss([{ device, offset, length }]);
      return new DataView(block.buffer, block.byteOffset + skip, length);
    }
    const joined = new Uint8Array(length);
    this.#copyBlocks(joined, device, offset);
    return new DataView(joined.buffer);
  }

  copy(dst: Uint8Array, device: number, offset: number): void {
    this.#checkRange(device, offset, dst.length);
    const { source, base } = this.#devices[device]!;
    if (source.readSync?.(dst, base + offset) !== true) this.#copyBlocks(dst, device, offset);
  }

  want(ranges: readonly ByteRange[]): void {
    const missing: ByteRange[] = [];
    for (const range of ranges) {
      this.#checkRange(range.device, range.offset, range.length);
      if (!this.#isHere(range)) missing.push(range);
    }
    if (missing.length > 0) throw this.#miss(missing);
  }

  /** Fetches what a Miss lists of this view and pins it. Rejects as the sources do. */
  async fill(miss: Miss, pins: Pins, signal?: AbortSignal): Promise<void> {
    const ranges = miss.ranges.filter(({ view }) => view === this);
    await allSettled(this.#devices.map((_, device) => this.#fillDevice(device, ranges, pins, signal)));
  }

  /** The operation that the blocks were fetched for has ended. */
  unpin(pins: Pins): void {
    this.#memory.unpin(pins);
  }

  close(): void {
    this.#memory.clear();
    for (const { source } of this.#devices) source.close();
  }

  async #fillDevice(
    device: number,
    ranges: readonly ByteRange[],
    pins: Pins,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { source, base } = this.#devices[device]!;
    const runs = this.#runsOf(this.#missingBlocks(device, ranges, pins));
    if (runs.length === 0) return;
    const wanted: BlobRange[] = runs.map(({ first, count }) => ({
      offset: base + first * this.#blockSize,
      length: Math.min(count * this.#blockSize, this.sizes[device]! - first * this.#blockSize),
    }));
    if (source.hold !== undefined) {
      pins.held.push(await source.hold(wanted, signal));
      return;
    }
    const fetched = await source.read(wanted, signal);
    for (const [i, { first, count }] of runs.entries()) {
      for (let n = 0; n < count; n++) {
        const bytes = fetched[i]!.subarray(n * this.#blockSize, (n + 1) * this.#blockSize);
        const key = this.#key(device, first + n);
        this.#memory.pin(key, bytes, pins);
        // a source that keeps what it fetched gives it again at once, and data does not push metadata out
        if (source.readSync === undefined) this.#memory.keep(key, bytes.slice());
      }
    }
  }

  #key(device: number, block: number): number {
    return (this.#firstDevice + device) * DEVICE_STRIDE + block;
  }

  /** Neighbouring blocks together; `numbers` as they were met, each once. */
  #runsOf(numbers: ReadonlySet<number>): { readonly first: number; count: number }[] {
    const runs: { readonly first: number; count: number }[] = [];
    for (const number of [...numbers].sort((a, b) => a - b)) {
      const last = runs.at(-1);
      if (last !== undefined && last.first + last.count === number) last.count++;
      else runs.push({ first: number, count: 1 });
    }
    return runs;
  }

  /** The blocks of ranges that are not in memory; those that are, whoever wanted them, are added to `pins` where it is given. */
  #missingBlocks(device: number, ranges: readonly ByteRange[], pins?: Pins): Set<number> {
    const missing = new Set<number>();
    for (const range of ranges) {
      if (range.device !== device) continue;
      const last = Math.floor((range.offset + range.length - 1) / this.#blockSize);
      for (let number = Math.floor(range.offset / this.#blockSize); number <= last; number++) {
        const key = this.#key(device, number);
        const kept = this.#memory.get(key);
        if (kept === undefined) missing.add(number);
        else if (pins !== undefined) this.#memory.pin(key, kept, pins);
      }
    }
    return missing;
  }

  #isHere(range: ByteRange): boolean {
    const { source, base } = this.#devices[range.device]!;
    if (source.readSync !== undefined) {
      if (source.isHere === undefined || source.isHere(base + range.offset, range.length)) return true;
    }
    return this.#missingBlocks(range.device, [range]).size === 0;
  }

  /** undefined where it is not here. */
  #block(device: number, number: number): Uint8Array | undefined {
    const key = this.#key(device, number);
    const kept = this.#memory.get(key);
    counters.lookUp(kept === undefined ? Count.blockMisses : Count.blockHits, 1);
    if (kept !== undefined) return kept;
    const { source, base } = this.#devices[device]!;
    if (source.readSync === undefined) return undefined;
    const offset = number * this.#blockSize;
    const block = this.#memory.room(Math.min(this.#blockSize, this.sizes[device]! - offset));
    if (!source.readSync(block, base + offset)) return undefined;
    this.#memory.keep(key, block);
    return block;
  }

  #copyBlocks(dst: Uint8Array, device: number, offset: number): void {
    for (let filled = 0; filled < dst.length; ) {
      const number = Math.floor((offset + filled) / this.#blockSize);
      const skip = offset + filled - number * this.#blockSize;
      const block = this.#block(device, number);
      // all of it at once: what is here is not fetched, and the rest would cost a round for each block
      if (block === undefined) throw this.#miss([{ device, offset, length: dst.length }]);
      const piece = block.subarray(skip, skip + dst.length - filled);
      dst.set(piece, filled);
      filled += piece.length;
    }
  }

  #miss(ranges: readonly ByteRange[]): Miss {
    return { miss: true, ranges: ranges.map((range) => ({ ...range, view: this })) };
  }

  #checkRange(device: number, offset: number, length: number): void {
    const size = this.sizes[device];
    if (size !== undefined && offset + length <= size) return;
    const name = this.#devices[device]?.source.name ?? `device ${device}`;
    throw new ErofsError(
      'truncated',
      `${name} ends at byte ${size ?? 0}, ${length} bytes were wanted from byte ${offset} on`,
      { device, offset },
    );
  }
}
