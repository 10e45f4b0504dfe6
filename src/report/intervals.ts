/** Which bytes of one device were met: disjoint half-open ranges, ascending, neighbours joined. */
export class Intervals {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** Adds start .. end and returns how many of its bytes are new; `fresh` is told of each range of those. */
  add(start: number, end: number, fresh?: (from: number, to: number) => void): number {
    if (end <= start) return 0;
    const first = this.#firstEndingAt(start);
    let last = first;
    let known = 0;
    let from = start;
    let to = end;
    let told = start;
    for (; last < this.#starts.length && this.#starts[last]! <= end; last++) {
      if (this.#starts[last]! > told) fresh?.(told, this.#starts[last]!);
      told = Math.max(told, this.#ends[last]!);
      known += Math.min(end, this.#ends[last]!) - Math.max(start, this.#starts[last]!);
      from = Math.min(from, this.#starts[last]!);
      to = Math.max(to, this.#ends[last]!);
    }
    if (told < end) fresh?.(told, end);
    if (last === first + 1) {
      this.#starts[first] = from;
      this.#ends[first] = to;
    } else {
      this.#starts.splice(first, last - first, from);
      this.#ends.splice(first, last - first, to);
    }
    return end - start - known;
  }

  /** The first range that ends at `position` or behind it; most files lie behind those that were met before. */
  #firstEndingAt(position: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
