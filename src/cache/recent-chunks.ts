/**
 * The chunks that arrived last, in memory that is used again and again: a stream of any length leaves nothing to collect. V8 marks the
 * whole heap for each 32 MiB of new array buffers; in 300 MB that was a second of work. Other threads copy from it as well.
 *
 * LAW: memory is given to another chunk only when nobody holds it. Whoever gets a place holds it, and lets go of it once.
 */
import type { SharedPlaces } from './shared-places.js';

/** Memory with the bytes of one chunk. */
export class Place {
  /** among those that are shared; -1: this one is not */
  readonly number: number;
  readonly #memory: Uint8Array;
  readonly #forget: ((place: Place) => void) | undefined;
  bytes: Uint8Array;
  /** whose bytes they are; -1 while they are put together, and for a chunk that came anew elsewhere */
  chunk = -1;
  #holders = 0;

  /** `forget`, where it is to be told that nobody holds it any more. */
  constructor(number: number, memory: Uint8Array, forget?: (place: Place) => void) {
    this.number = number;
    this.#memory = memory;
    this.#forget = forget;
    this.bytes = memory;
  }

  get isHeld(): boolean {
    return this.#holders > 0;
  }

  /** Its first `length` bytes, undefined yet, for a chunk to come. */
  begin(length: number): this {
    this.chunk = -1;
    this.bytes = length === this.#memory.length ? this.#memory : this.#memory.subarray(0, length);
    return this.hold();
  }

  hold(): this {
    this.#holders++;
    return this;
  }

  release(): void {
    if (this.#holders === 0) throw new Error(`chunk ${this.chunk} was let go once too often`);
    this.#holders--;
    if (this.#holders === 0) this.#forget?.(this);
  }
}

export class RecentChunks {
  readonly #shared: SharedPlaces;
  readonly #ring: Place[] = [];
  #next = 0;
  readonly #chunks = new Map<number, Place>();
  readonly #forget = (place: Place) => this.#remove(place);

  /** Writes to `shared` alone; what is held when all of it is comes on top, for as long as it is held. */
  constructor(shared: SharedPlaces) {
    this.#shared = shared;
  }

  has(chunk: number): boolean {
    return this.#chunks.has(chunk);
  }

  /** Fills dst with bytes of the chunk from its byte `skip` on; false where it is not here. */
  copy(dst: Uint8Array, chunk: number, skip: number): boolean {
    const bytes = this.#chunks.get(chunk)?.bytes;
    if (bytes === undefined) return false;
    dst.set(bytes.subarray(skip, skip + dst.length));
    return true;
  }

  /** Holds a chunk that is here. */
  hold(chunk: number): Place | undefined {
    return this.#chunks.get(chunk)?.hold();
  }

  /** Memory for a chunk of `length` bytes, held: that of the oldest chunk which nobody holds. */
  take(length: number): Place {
    const { count } = this.#shared;
    if (this.#ring.length < count) {
      const number = this.#ring.length;
      const place = new Place(number, this.#shared.bytesOf(number));
      this.#ring.push(place);
      return place.begin(length);
    }
    for (let tries = 0; tries < count; tries++) {
      const place = this.#ring[this.#next]!;
      this.#next = (this.#next + 1) % count;
      if (place.isHeld) continue;
      this.#remove(place);
      return place.begin(length);
    }
    return new Place(-1, new Uint8Array(Buffer.allocUnsafeSlow(length).buffer), this.#forget).begin(length);
  }

  /** The place has all bytes of the chunk; those that were here before are not any more. */
  set(chunk: number, place: Place): void {
    this.discard(chunk);
    place.chunk = chunk;
    this.#chunks.set(chunk, place);
    if (place.number >= 0) this.#shared.publish(place.number, chunk);
  }

  discard(chunk: number): void {
    const place = this.#chunks.get(chunk);
    if (place !== undefined) this.#remove(place);
  }

  #remove(place: Place): void {
    if (this.#chunks.get(place.chunk) === place) {
      this.#chunks.delete(place.chunk);
      if (place.number >= 0) this.#shared.retract(place.number, place.chunk);
    }
    place.chunk = -1;
  }
}
