/**
 * The reader's ByteView over sources: metadata through cached blocks, data straight to where it is wanted.
 *
 * A source that can be read synchronously is never missed; of another one, blocks that are not here are thrown
 * as a Miss. Blocks fetched for a running operation are pinned until it ends, so that eviction cannot take the
 * first while the second arrives.
 */
import type { ByteRange, ByteView, Miss } from '../erofs-reader/bytes.js';
import { ErofsError } from '../erofs-reader/errors.js';
import { byteMemory, type Memory } from './lru.js';
import type { BlobRange, Source } from './source.js';

/** One device: a source, or the part of it from byte `base` on. */
export interface CachedDevice {
  readonly source: Source;
  readonly base: number;
}

/** Block n of device d has the key d * DEVICE_STRIDE + n: numbers are cheaper keys than strings. */
const DEVICE_STRIDE = 2 ** 37;

export class BlockCache implements ByteView {
  readonly sizes: readonly number[];
  readonly #devices: readonly CachedDevice[];
  readonly #blockSize: number;
  readonly #blocks: Memory<Uint8Array>;
  readonly #pinned = new Map<number, Uint8Array>();

  /** `budget` and `blockSize` in bytes. */
  constructor(devices: readonly CachedDevice[], budget: number, blockSize: number) {
    this.sizes = devices.map(({ source, base }) => Math.max(0, source.size - base));
    this.#devices = devices;
    this.#blockSize = blockSize;
    this.#blocks = byteMemory(budget);
  }

  view(device: number, offset: number, length: number): DataView {
    this.#checkRange(device, offset, length);
    const first = Math.floor(offset / this.#blockSize);
    const skip = offset - first * this.#blockSize;
    if (skip + length <= this.#blockSize) {
      const block = this.#block(device, first);
      return new DataView(block.buffer, block.byteOffset + skip, length);
    }
    const joined = new Uint8Array(length);
    this.#copyBlocks(joined, device, offset);
    return new DataView(joined.buffer);
  }

  copy(dst: Uint8Array, device: number, offset: number): void {
    this.#checkRange(device, offset, dst.length);
    const { source, base } = this.#devices[device]!;
    if (source.readSync !== undefined) source.readSync(dst, base + offset);
    else this.#copyBlocks(dst, device, offset);
  }

  want(ranges: readonly ByteRange[]): void {
    const missing = ranges.filter((range) => {
      this.#checkRange(range.device, range.offset, range.length);
      return this.#devices[range.device]!.source.readSync === undefined && !this.#isHere(range);
    });
    if (missing.length > 0) throw miss(missing);
  }

  /** Fetches what a Miss lists and pins it. Rejects as the sources do. */
  async fill({ ranges }: Miss): Promise<void> {
    await Promise.all(this.#devices.map((_, device) => this.#fillDevice(device, ranges)));
  }

  /** The operation that the pinned blocks were fetched for has ended. */
  unpin(): void {
    this.#pinned.clear();
  }

  close(): void {
    this.#blocks.clear();
    this.unpin();
    for (const { source } of this.#devices) source.close();
  }

  async #fillDevice(device: number, ranges: readonly ByteRange[]): Promise<void> {
    const { source, base } = this.#devices[device]!;
    const numbers: number[] = [];
    const wanted: BlobRange[] = [];
    for (const number of this.#missingBlocks(device, ranges)) {
      const offset = number * this.#blockSize;
      numbers.push(number);
      wanted.push({ offset: base + offset, length: Math.min(this.#blockSize, this.sizes[device]! - offset) });
    }
    if (wanted.length === 0) return;
    const blocks = await source.read(wanted);
    for (const [i, number] of numbers.entries()) {
      const key = device * DEVICE_STRIDE + number;
      this.#pinned.set(key, blocks[i]!);
      this.#blocks.set(key, blocks[i]!);
    }
  }

  #missingBlocks(device: number, ranges: readonly ByteRange[]): Set<number> {
    const missing = new Set<number>();
    for (const range of ranges) {
      if (range.device !== device) continue;
      const last = Math.floor((range.offset + range.length - 1) / this.#blockSize);
      for (let number = Math.floor(range.offset / this.#blockSize); number <= last; number++) {
        if (this.#kept(device * DEVICE_STRIDE + number) === undefined) missing.add(number);
      }
    }
    return missing;
  }

  #isHere({ device, offset, length }: ByteRange): boolean {
    return this.#missingBlocks(device, [{ device, offset, length }]).size === 0;
  }

  #kept(key: number): Uint8Array | undefined {
    return this.#blocks.get(key) ?? this.#pinned.get(key);
  }

  #block(device: number, number: number): Uint8Array {
    const key = device * DEVICE_STRIDE + number;
    const kept = this.#kept(key);
    if (kept !== undefined) return kept;
    const { source, base } = this.#devices[device]!;
    const offset = number * this.#blockSize;
    const length = Math.min(this.#blockSize, this.sizes[device]! - offset);
    if (source.readSync === undefined) throw miss([{ device, offset, length }]);
    const block = new Uint8Array(length);
    source.readSync(block, base + offset);
    this.#blocks.set(key, block);
    return block;
  }

  #copyBlocks(dst: Uint8Array, device: number, offset: number): void {
    for (let filled = 0; filled < dst.length; ) {
      const number = Math.floor((offset + filled) / this.#blockSize);
      const skip = offset + filled - number * this.#blockSize;
      const piece = this.#block(device, number).subarray(skip, skip + dst.length - filled);
      dst.set(piece, filled);
      filled += piece.length;
    }
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

function miss(ranges: readonly ByteRange[]): Miss {
  return { miss: true, ranges };
}
