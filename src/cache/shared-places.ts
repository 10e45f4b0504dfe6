/**
 * Memory for chunks that all threads of a process share: one puts them there as they arrive, and any other copies from them, with no
 * system call and no checksum.
 *
 * LAW: one thread writes. A place may be taken from under who copies from it; he finds out, and what he has copied does not count.
 */
import type { ChunkPlaces } from './chunk-assembly.js';

/** Places for the chunks of one blob, or of several. */
export interface RingMemory {
  readonly count: number;
  /** one place behind the other */
  readonly bytes: SharedArrayBuffer;
  /** by place, how often it was given away */
  readonly versions: SharedArrayBuffer;
}

/** And where those of one blob are. */
export interface SharedPlacesMemory extends RingMemory {
  /** by chunk, its place + 1, or 0 */
  readonly placeOf: SharedArrayBuffer;
}

/** What is used of it here: the types of Node have none of it. */
declare const WebAssembly: {
  readonly Memory: new (pages: {
    initial: number;
    maximum: number;
    shared: true;
  }) => {
    readonly buffer: SharedArrayBuffer;
  };
};

/** WebAssembly counts memory in pages of so many bytes, and alone promises that it begins at one of the system's. */
const PAGE = 64 * 1024;

export class SharedPlaces {
  readonly memory: SharedPlacesMemory;
  readonly count: number;
  readonly #chunkSize: number;
  readonly #bytes: Uint8Array;
  readonly #versions: Int32Array;
  readonly #placeOf: Int32Array;
  /** by chunk, the state that was proven wrong */
  readonly #doubted = new Map<number, number>();

  /** `memory`: of sharedPlacesMemory() for chunks of this size. */
  constructor(chunkSize: number, memory: SharedPlacesMemory) {
    this.memory = memory;
    this.count = memory.count;
    this.#chunkSize = chunkSize;
    this.#bytes = new Uint8Array(memory.bytes);
    this.#versions = new Int32Array(memory.versions);
    this.#placeOf = new Int32Array(memory.placeOf);
  }

  bytesOf(place: number): Uint8Array {
    return this.#bytes.subarray(place * this.#chunkSize, (place + 1) * this.#chunkSize);
  }

  /** All bytes of the chunk are there. */
  publish(place: number, chunk: number): void {
    Atomics.store(this.#placeOf, chunk, place + 1);
  }

  /** Before other bytes are written to the place of a chunk that was published. */
  retract(place: number, chunk: number): void {
    Atomics.store(this.#placeOf, chunk, 0);
    Atomics.add(this.#versions, place, 1);
  }

  has(chunk: number): boolean {
    return this.#stateOf(chunk) >= 0;
  }

  /** Fills dst with bytes of the chunk from its byte `skip` on; false, with dst undefined, where it is not there. */
  copy(dst: Uint8Array, chunk: number, skip: number): boolean {
    const state = this.#stateOf(chunk);
    if (state < 0) return false;
    const place = state % this.count;
    const start = place * this.#chunkSize + skip;
    dst.set(this.#bytes.subarray(start, start + dst.length));
    // an addition, since no copy may come after it, as it might after a load
    return Atomics.add(this.#versions, place, 0) === Math.floor(state / this.count);
  }

  /** The bytes of the chunk were proven wrong: for this thread it is not there until it comes anew. */
  discard(chunk: number): void {
    const state = this.#stateOf(chunk);
    if (state >= 0) this.#doubted.set(chunk, state);
  }

  /** Tells one arrival of a chunk from another; -1 where it is not there. */
  #stateOf(chunk: number): number {
    const found = Atomics.load(this.#placeOf, chunk);
    if (found === 0) return -1;
    const version = Atomics.load(this.#versions, found - 1);
    // looked at again: between the two the place may have been given away
    if (Atomics.load(this.#placeOf, chunk) !== found) return -1;
    const state = version * this.count + found - 1;
    return this.#doubted.size > 0 && this.#doubted.get(chunk) === state ? -1 : state;
  }
}

/** For `count` places; what of it is not used takes no room. */
export function ringMemory(count: number, chunkSize: number): RingMemory {
  return { count, bytes: pages(count * chunkSize), versions: words(count) };
}

/** For the chunks of one blob in the places of `ring`. */
export function sharedPlacesMemory(ring: RingMemory, { chunkSize, size }: ChunkPlaces): SharedPlacesMemory {
  return { ...ring, placeOf: words(Math.ceil(size / chunkSize)) };
}

const words = (count: number): SharedArrayBuffer =>
  new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT);

function pages(size: number): SharedArrayBuffer {
  const maximum = Math.ceil(size / PAGE);
  try {
    return new WebAssembly.Memory({ initial: maximum, maximum, shared: true }).buffer;
  } catch {
    // address space for many of them has run out: only writes past the page cache need the alignment
    return new SharedArrayBuffer(size);
  }
}
