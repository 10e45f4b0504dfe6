/**
 * Ranges in order, a window of them at a time: what lies together in a window is fetched together. Windows are small at first, so that
 * what comes first in the order is not kept waiting by the rest.
 */

/** Bytes of the first window; each is twice as long as the one before, up to the second. */
const FIRST = 1 << 20;
const LONGEST = 16 << 20;

export class GrowingWindow<T extends { readonly length: number }> {
  #ranges: T[] = [];
  #length = 0;
  #longest = FIRST;

  /** Returns the window that is full with it. */
  add(range: T): T[] | undefined {
    this.#ranges.push(range);
    this.#length += range.length;
    if (this.#length < this.#longest) return undefined;
    this.#longest = Math.min(LONGEST, this.#longest * 2);
    return this.rest();
  }

  /** What there is in a window that is not full; the next one begins. */
  rest(): T[] {
    const ranges = this.#ranges;
    this.#ranges = [];
    this.#length = 0;
    return ranges;
  }
}
