/** Decoded pclusters by where they lie, within a byte budget. */
import type { DecodedExtents } from '../erofs-reader/pcluster.js';
import { Count, counters } from '../statistics/counters.js';
import { byteMemory, type Memory } from './lru.js';
import { ReusedMemory, SPARE } from './reused-memory.js';

/** Below this address numbers serve as keys; device -1 (the metabox) shifts everything by one. */
const DEVICE_STRIDE = 2 ** 37;

export class ExtentCache implements DecodedExtents {
  readonly #extents: Memory<Uint8Array, number | string>;
  readonly #reused: ReusedMemory;
  readonly #firstDevice: number;

  /** `memory`: bytes of its own, or the cache of another image, in whose memory these devices count from `firstDevice`. */
  constructor(memory: number | ExtentCache, firstDevice = 0) {
    this.#firstDevice = firstDevice;
    if (typeof memory === 'number') {
      const reused = new ReusedMemory(memory * SPARE);
      this.#reused = reused;
      this.#extents = byteMemory(memory, (bytes) => reused.letGo(bytes));
    } else {
      this.#reused = memory.#reused;
      this.#extents = memory.#extents;
    }
  }

  get(device: number, offset: number, length: number): Uint8Array | undefined {
    const decoded = this.#extents.get(keyOf(this.#firstDevice + device, offset));
    const isHere = decoded !== undefined && decoded.length >= length;
    counters.lookUp(isHere ? Count.extentHits : Count.extentMisses, 1);
    return isHere ? decoded : undefined;
  }

  room(length: number): Uint8Array {
    return this.#reused.take(length);
  }

  /** No operation is running: what was forgotten is used again. */
  rest(): void {
    this.#reused.rest();
  }

  put(device: number, offset: number, decoded: Uint8Array): void {
    this.#extents.set(keyOf(this.#firstDevice + device, offset), decoded);
  }
}

/** Numbers are cheaper keys, but 48-bit block addresses and 16-bit device numbers do not fit in one. */
function keyOf(device: number, offset: number): number | string {
  return offset < DEVICE_STRIDE ? (device + 1) * DEVICE_STRIDE + offset : `${device} ${offset}`;
}
