/** What the threads of one mount tell each other, in memory that they share. Any of them may be late to see it. */
import { Listings, listingMemory } from './listings.js';

/** Structured-clonable: to each thread as it is. */
export interface SharedMemory {
  /** [0]: how many pumps are giving pages; [1]: 1 once it is known that nothing has extended attributes */
  readonly words: SharedArrayBuffer;
  readonly listings: SharedArrayBuffer;
}

const GIVING = 0;
const NO_XATTRS = 1;

export function sharedMemory(): SharedMemory {
  return { words: new SharedArrayBuffer(8), listings: listingMemory() };
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

  /** One of at most `most` that give pages at a time; false where there are as many. Ended by stopGiving() where true. */
  startGiving(most: number): boolean {
    if (Atomics.add(this.#words, GIVING, 1) < most) return true;
    Atomics.sub(this.#words, GIVING, 1);
    return false;
  }

  stopGiving(): void {
    Atomics.sub(this.#words, GIVING, 1);
  }
}
