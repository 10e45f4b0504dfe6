/**
 * The chunks that arrived last, in memory that is used again and again: a stream of any length leaves nothing to collect. V8 marks the
 * whole heap for each 32 MiB of new array buffers; in 300 MB that was a second of work. Other threads copy from it as well.
 *
 * LAW: memory is given to another chunk only when nobody holds it. Whoever gets a place holds it, and lets go of it once.
 */
import { type RingMemory, ringMemory, type SharedPlaces } from './shared-places.js';

/** Memory with the bytes of one chunk. */
export class Place {
  /** among those that are shared; -1: this one is not */
  readonly number: number;
  readonly #memory: Uint8Array;
  readonly #ring: { held: number } | undefined;
  readonly #forget: ((place: Place) => void) | undefined;
  bytes: Uint8Array;
  /** of whose chunks it has the bytes; told when it is wanted for others */
  owner: RecentChunks | undefined;
  /** whose bytes they are; -1 while they are put together, and for a chunk that came anew elsewhere */
  chunk = -1;
  #holders = 0;

  /** `ring` that it is one of, where it is. `forget`, where it is to be told that nobody holds it any more. */
  constructor(
    number: number,
    memory: Uint8Array,
    { ring, forget }: { readonly ring?: { held: number }; readonly forget?: (place: Place) => void } = {},
  ) {
    this.number = number;
    this.#ring = ring;
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
    if (this.#holders === 0 && this.#ring !== undefined) this.#ring.held++;
    this.#holders++;
    return this;
  }

  release(): void {
    if (this.#holders === 0) throw new Error(`chunk ${this.chunk} was let go once too often`);
    this.#holders--;
    if (this.#holders > 0) return;
    if (this.#ring !== undefined) this.#ring.held--;
    this.#forget?.(this);
  }
}

/** Places that are used again and again, for the chunks of one blob or of all blobs of an image. */
export class ChunkRing {
  readonly chunkSize: number;
  readonly memory: RingMemory;
  /** places that somebody holds */
  held = 0;
  readonly #places: Place[] = [];
  #next = 0;

  /** `memory`, or bytes for it; what is held when all of it is comes on top, for as long as it is held. */
  constructor(memory: number | RingMemory, chunkSize: number) {
    this.chunkSize = chunkSize;
    this.memory = typeof memory === 'number' ? ringMemory(Math.floor(memory / chunkSize), chunkSize) : memory;
  }

  /** Bytes of chunks that stay. */
  get size(): number {
    return this.memory.count * this.chunkSize;
  }

  /** The place of the oldest chunk which nobody holds, for `length` bytes, held; undefined where all are held. */
  take(length: number, owner: RecentChunks): Place | undefined {
    const { count, bytes } = this.memory;
    if (this.#places.length < count) {
      const number = this.#places.length;
      const place = new Place(number, new Uint8Array(bytes, number * this.chunkSize, this.chunkSize), {
        ring: this,
      });
      this.#places.push(place);
      place.owner = owner;
      return place.begin(length);
    }
    for (let tries = 0; tries < count; tries++) {
      const place = this.#places[this.#next]!;
      this.#next = (this.#next + 1) % count;
      if (place.isHeld) continue;
      place.owner?.remove(place);
      place.owner = owner;
      return place.begin(length);
    }
    return undefined;
  }
}

/** What blobs are given that were told nothing, in bytes. */
const OWN_RING = 32 << 20;

/** What a blob of such chunks is given: the ring of others where their chunks are as large, or one of its own. */
export function ringOf(
  {
    ring,
    memory = OWN_RING,
  }: { readonly ring?: ChunkRing | undefined; readonly memory?: number | undefined },
  chunkSize: number,
): ChunkRing {
  return ring?.chunkSize === chunkSize ? ring : new ChunkRing(ring?.size ?? memory, chunkSize);
}

export class RecentChunks {
  readonly #shared: SharedPlaces;
  readonly #ring: ChunkRing;
  readonly #chunks = new Map<number, Place>();
  readonly #forget = (place: Place) => this.remove(place);

  /** Writes to `shared` alone, which is over the memory of `ring`. */
  constructor(shared: SharedPlaces, ring: ChunkRing) {
    this.#shared = shared;
    this.#ring = ring;
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
    const place = this.#ring.take(length, this);
    if (place !== undefined) return place;
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
    return new Place(-1, bytes, { forget: this.#forget }).begin(length);
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
    if (place !== undefined) this.remove(place);
  }

  /** The place, where it may be held by who writes it to a disk: half of them are left for what arrives. */
  lent(place: Place): Place | undefined {
    return place.number >= 0 && this.#ring.held * 2 <= this.#ring.memory.count ? place : undefined;
  }

  /** The place is wanted for another chunk. */
  remove(place: Place): void {
    if (this.#chunks.get(place.chunk) === place) {
      this.#chunks.delete(place.chunk);
      if (place.number >= 0) this.#shared.retract(place.number, place.chunk);
    }
    place.chunk = -1;
  }
}
