/**
 * Memory that a cache has let go of, used again for what it keeps next. V8 collects array buffers late: a thread that read all of an
 * image with caches of 32 MiB held 67 MiB of them.
 *
 * LAW: what an operation has borrowed of a cache it may read until it ends. So nothing is used again before rest(), which says that
 * no operation is running; where nobody says so, all of it is left to V8.
 */

/** Of a cache's budget, what waits to be used again at most. */
export const SPARE = 1 / 9;

/** Sizes are rounded up to one of four between two powers of two: a fifth is wasted at most. */
const STEPS = 4;

export class ReusedMemory {
  readonly #most: number;
  /** let go of since the last rest() */
  readonly #gone: ArrayBufferLike[] = [];
  /** free, by size */
  readonly #free = new Map<number, ArrayBufferLike[]>();
  #bytes = 0;

  /** `most` bytes wait to be used again; what is beyond is left to V8. */
  constructor(most: number) {
    this.#most = most;
  }

  /** `length` bytes, whatever is in them. */
  take(length: number): Uint8Array {
    const size = roundedUp(length);
    const buffer = this.#free.get(size)?.pop();
    if (buffer === undefined) return new Uint8Array(new ArrayBuffer(size), 0, length);
    this.#bytes -= size;
    return new Uint8Array(buffer, 0, length);
  }

  /** What take() gave, or other memory that nobody else has. */
  letGo(bytes: Uint8Array): void {
    if (this.#gone.length < MOST_GONE) this.#gone.push(bytes.buffer);
  }

  rest(): void {
    for (let buffer = this.#gone.pop(); buffer !== undefined; buffer = this.#gone.pop()) this.#add(buffer);
  }

  #add(buffer: ArrayBufferLike): void {
    const { byteLength } = buffer;
    if (byteLength !== roundedUp(byteLength) || this.#bytes + byteLength > this.#most) return;
    this.#bytes += byteLength;
    const free = this.#free.get(byteLength);
    if (free === undefined) this.#free.set(byteLength, [buffer]);
    else free.push(buffer);
  }
}

/** A thread that never rests must not remember all that was ever let go. */
const MOST_GONE = 256;

function roundedUp(length: number): number {
  const step = Math.max(1, 2 ** Math.floor(Math.log2(Math.max(1, length))) / STEPS);
  return Math.ceil(length / step) * step;
}
