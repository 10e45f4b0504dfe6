/** Decoded pclusters by where they lie, within a byte budget. */
import type { DecodedExtents } from '../erofs-reader/pcluster.js';
import { byteMemory, type Memory } from './lru.js';

/** Below this address numbers serve as keys; device -1 (the metabox) shifts everything by one. */
const DEVICE_STRIDE = 2 ** 37;

export class ExtentCache implements DecodedExtents {
  readonly #extents: Memory<Uint8Array, number | string>;

  /** `budget` in bytes. */
  constructor(budget: number) {
    this.#extents = byteMemory(budget);
  }

  get(device: number, offset: number, length: number): Uint8Array | undefined {
    const decoded = this.#extents.get(keyOf(device, offset));
    return decoded !== undefined && decoded.length >= length ? decoded : undefined;
  }

  put(device: number, offset: number, decoded: Uint8Array): void {
    this.#extents.set(keyOf(device, offset), decoded);
  }
}

/** Numbers are cheaper keys, but 48-bit block addresses and 16-bit device numbers do not fit in one. */
function keyOf(device: number, offset: number): number | string {
  return offset < DEVICE_STRIDE ? (device + 1) * DEVICE_STRIDE + offset : `${device} ${offset}`;
}
