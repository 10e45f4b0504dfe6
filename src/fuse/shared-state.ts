/** What the threads of one mount tell each other, in memory that they share. Any of them may be late to see it. */
import { counters } from '../statistics/counters.js';
import { readHeat } from '../statistics/read-heat.js';
import { Listings, listingMemory } from './listings.js';

/** Structured-clonable: to each thread as it is. */
export interface SharedMemory {
  /** [0]: how many pumps are giving pages; [3]: how many serve; [1]: 1 once it is known that nothing has extended attributes; [2]: 1 while as many requests wait as may */
  readonly words: SharedArrayBuffer;
  readonly listings: SharedArrayBuffer;
  /** see Counters */
  readonly counted: SharedArrayBuffer;
  /** see ReadHeat */
  readonly heat: SharedArrayBuffer;
}

const GIVING = 0;
const NO_XATTRS = 1;
const FULL = 2;
const SERVING = 3;

/** Milliseconds. Interrupts, which end the waiting of others, are read among requests; so is the end of the mount. */
const PAUSE = 100;

export function sharedMemory(): SharedMemory {
  return {
    words: new SharedArrayBuffer(16),
    listings: listingMemory(),
    counted: counters.memory,
    heat: readHeat.memory,
  };
}

export class SharedState {
  readonly listings: Listings;
  readonly #words: Int32Array;

  constructor({ words, listings }: SharedMemory) {
    this.#words = new Int32Array(words);
    this.listings = new Listings(listings);
  }

  get hasNoXattrs(): boolean {
    return Atomics.load(this.#words, NO_XATTRS) === 1;
  }

  /** Never taken back: the image does not change. */
  noteNoXattrs(): void {
    Atomics.store(this.#words, NO_XATTRS, 1);
  }

  /** Whether as many requests wait as may. */
  noteFull(isFull: boolean): void {
    Atomics.store(this.#words, FULL, isFull ? 1 : 0);
    if (!isFull) Atomics.notify(this.#words, FULL);
  }

  /** Blocks a pump before it reads one more request that may have to wait; not for long. */
  awaitRoom(): void {
    if (Atomics.load(this.#words, FULL) === 1) Atomics.wait(this.#words, FULL, 1, PAUSE);
  }

  /** How many pumps read requests. */
  noteServing(count: number): void {
    Atomics.store(this.#words, SERVING, count);
  }

  /** False where all others that serve give pages already: one is left that answers. Ended by stopGiving() where true. */
  startGiving(): boolean {
    if (Atomics.add(this.#words, GIVING, 1) < Atomics.load(this.#words, SERVING) - 1) return true;
    Atomics.sub(this.#words, GIVING, 1);
    return false;
  }

  stopGiving(): void {
    Atomics.sub(this.#words, GIVING, 1);
  }
}
