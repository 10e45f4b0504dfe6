/** Which mirror gave which bytes, and whose bytes were found wrong: for the recent ones, as far as it is remembered. */
import type { BlobRange } from '../cache/source.js';

interface Delivery<T> {
  readonly start: number;
  end: number;
  readonly from: T;
}

/** One entry each run of neighbouring bytes from one mirror. */
const REMEMBERED = 4096;

export class Provenance<T> {
  readonly #deliveries: Delivery<T>[] = [];
  readonly #blamed: Delivery<T>[] = [];

  deliver(from: T, start: number, length: number): void {
    const last = this.#deliveries.at(-1);
    if (last !== undefined && last.from === from && last.end === start) {
      last.end += length;
      return;
    }
    if (this.#deliveries.length >= REMEMBERED) this.#deliveries.splice(0, REMEMBERED / 2);
    this.#deliveries.push({ start, end: start + length, from });
  }

  /** Whose bytes the range has; each of them is blamed for it from now on. */
  blame(range: BlobRange): ReadonlySet<T> {
    const guilty = sourcesOf(this.#deliveries, range);
    for (const from of guilty) {
      if (this.#blamed.length >= REMEMBERED) this.#blamed.splice(0, REMEMBERED / 2);
      this.#blamed.push({ start: range.offset, end: range.offset + range.length, from });
    }
    return guilty;
  }

  isBlamed(from: T, range: BlobRange): boolean {
    return this.#blamed.some((entry) => entry.from === from && overlaps(entry, range));
  }
}

const overlaps = <T>({ start, end }: Delivery<T>, { offset, length }: BlobRange): boolean =>
  start < offset + length && offset < end;

function sourcesOf<T>(deliveries: readonly Delivery<T>[], range: BlobRange): Set<T> {
  return new Set(deliveries.filter((entry) => overlaps(entry, range)).map(({ from }) => from));
}
