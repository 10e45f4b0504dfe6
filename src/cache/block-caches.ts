/** The views of several images, filled as one: an operation on merged images may miss bytes of any of them. */
import type { Miss } from '../erofs-reader/bytes.js';
import type { BlockCache } from './block-cache.js';
import type { BlockMemory } from './block-memory.js';
import type { Fillable, Pins } from './driver.js';
import { allSettled } from './settled.js';

export class BlockCaches implements Fillable {
  readonly #caches: readonly BlockCache[];
  readonly #memory: BlockMemory;

  /** All of `caches` keep their blocks in `memory`. */
  constructor(caches: readonly BlockCache[], memory: BlockMemory) {
    this.#caches = caches;
    this.#memory = memory;
  }

  async fill(miss: Miss, pins: Pins, signal: AbortSignal | undefined): Promise<void> {
    const missing = new Set<unknown>(miss.ranges.map(({ view }) => view));
    const caches = this.#caches.filter((cache) => missing.has(cache));
    await allSettled(caches.map((cache) => cache.fill(miss, pins, signal)));
  }

  unpin(pins: Pins): void {
    this.#memory.unpin(pins);
  }
}
