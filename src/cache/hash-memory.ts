/** Verified hash blocks in memory, of one tree or of the trees of many blobs that share a budget. */
import { byteMemory, type Memory } from './lru.js';

/** Hash blocks of one tree: at 512 bytes each, a tree over a blob of 2^47 bytes has fewer. */
const TREE_STRIDE = 2 ** 37;

/** Bytes: those above a GiB of data. */
const FEWEST_UPPER = 64 << 10;

export class HashMemory {
  readonly leaves: Memory<Uint8Array>;
  /** of the levels above: one block of 4 KiB for 64 MiB of data, so that an eighth of the budget lasts for long */
  readonly upper: Memory<Uint8Array>;
  #trees = 0;

  /** `budget` in bytes. */
  constructor(budget: number) {
    const upper = Math.max(FEWEST_UPPER, Math.floor(budget / 8));
    this.leaves = byteMemory(budget - upper);
    this.upper = byteMemory(upper);
  }

  /** What is added to the number of a block of one more tree to get its key. */
  firstOfTree(): number {
    return this.#trees++ * TREE_STRIDE;
  }
}
