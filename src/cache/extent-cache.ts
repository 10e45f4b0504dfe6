/** Decoded pclusters by where they lie, within a byte budget. */
import type { DecodedExtents } from '../erofs-reader/pcluster.js';
import { byteMemory, type Memory } from './lru.js';

/** Addresses have at most 48 bits; device -1 (the metabox) shifts everything by one. */
const DEVICE_STRIDE = 2 ** 48;

export class ExtentCache implements DecodedExtents {
  readonly #extents: Memory<Uint8Array>;

  /** `budget` in bytes. */
  constructor(budget: number) {
    this.#extents = byteMemory(budget);
  }

  get(device: number, offset: number, length: number): Uint8Array | undefined {
    const decoded = this.#extents.get((device + 1) * DEVICE_STRIDE + offset);
    return decoded !== undefined && decoded.length >= length ? decoded : undefined;
  }

  put(device: number, offset: number, decoded: Uint8Array): void {
    this.#extents.set((device + 1) * DEVICE_STRIDE + offset, decoded);
  }
}
