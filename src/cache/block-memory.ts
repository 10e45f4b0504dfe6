/**
 * Blocks in memory, of one view or of several that share a budget.
 *
 * A key is DEVICE_STRIDE * device + block: numbers are cheaper keys than strings. Views that share a memory number their
 * devices from different starts.
 */
import type { Pins } from './driver.js';
import { byteMemory, type Memory } from './lru.js';
import { ReusedMemory, SPARE } from './reused-memory.js';

/** Blocks of a device; with as many devices, the largest key is a safe integer. */
export const DEVICE_STRIDE = 2 ** 37;
export const DEVICES_AT_MOST = 2 ** 16;

/** A block that running operations hold; it is let go with the last of them. */
interface Pinned {
  readonly bytes: Uint8Array;
  holders: number;
}

export class BlockMemory {
  readonly #kept: Memory<Uint8Array>;
  readonly #reused: ReusedMemory;
  readonly #pinned = new Map<number, Pinned>();

  /** `budget` in bytes; what is pinned comes on top of it, and SPARE of it that waits to be used again. */
  constructor(budget: number) {
    const reused = new ReusedMemory(budget * SPARE);
    this.#reused = reused;
    this.#kept = byteMemory(budget, (bytes) => reused.letGo(bytes));
  }

  /** For a block to come, whatever is in it. */
  room(length: number): Uint8Array {
    return this.#reused.take(length);
  }

  /** No operation is running: what was forgotten is used again. Where blocks are pinned this is not to be called. */
  rest(): void {
    this.#reused.rest();
  }

  get(key: number): Uint8Array | undefined {
    return this.#kept.get(key) ?? this.#pinned.get(key)?.bytes;
  }

  keep(key: number, bytes: Uint8Array): void {
    this.#kept.set(key, bytes);
  }

  pin(key: number, bytes: Uint8Array, pins: Pins): void {
    const pinned = this.#pinned.get(key);
    if (pinned === undefined) this.#pinned.set(key, { bytes, holders: 1 });
    else pinned.holders++;
    pins.blocks.push(key);
  }

  unpin(pins: Pins): void {
    for (const key of pins.blocks) {
      const pinned = this.#pinned.get(key)!;
      pinned.holders--;
      if (pinned.holders === 0) this.#pinned.delete(key);
    }
    pins.blocks.length = 0;
    for (const letGo of pins.held.splice(0)) letGo();
  }

  clear(): void {
    this.#kept.clear();
  }
}
