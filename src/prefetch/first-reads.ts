/**
 * Which parts of blobs are read for the first time. Each thread that reads has one; that of the thread which writes the trace
 * hears what the others found, so that only first reads are told between threads.
 */
import type { TracedBlob } from './trace.js';

/** Told of a range of a blob, in whole units but for the blob's end. */
export type ReadObserver = (blob: TracedBlob, offset: number, length: number) => void;

/** Bytes that are told together: as much as is fetched and kept together. */
const UNIT = 64 << 10;

export class FirstReads {
  /** by id of blob: a bit for each unit that was read */
  readonly #seen = new Map<string, Uint8Array>();
  readonly #tell: ReadObserver;

  constructor(tell: ReadObserver) {
    this.#tell = tell;
  }

  /** Bytes were read. Tells of what nobody had read before; costs some 50 ns otherwise. */
  note(blob: TracedBlob, offset: number, length: number): void {
    const seen = this.#seenOf(blob);
    const end = Math.ceil((offset + length) / UNIT);
    for (let unit = Math.floor(offset / UNIT); unit < end; unit++) {
      if (isSet(seen, unit)) continue;
      const first = unit;
      for (; unit < end && !isSet(seen, unit); unit++) set(seen, unit);
      const start = first * UNIT;
      this.#tell(blob, start, Math.min(unit * UNIT, blob.size) - start);
    }
  }

  #seenOf({ id, size }: TracedBlob): Uint8Array {
    let seen = this.#seen.get(id);
    if (seen === undefined) {
      seen = new Uint8Array(Math.ceil(size / UNIT / 8));
      this.#seen.set(id, seen);
    }
    return seen;
  }
}

function isSet(bits: Uint8Array, n: number): boolean {
  return (bits[Math.floor(n / 8)]! & (1 << (n % 8))) !== 0;
}

function set(bits: Uint8Array, n: number): void {
  bits[Math.floor(n / 8)]! |= 1 << (n % 8);
}
