/**
 * Whole chunks out of the pieces of one answer, which come in order but begin and end anywhere. The pieces of another answer to the
 * same question may come between them.
 *
 * LAW: a place that an answer is read into is written to by that answer alone, in order, from its first byte on.
 */
import type { Landing } from '../remote/remote-blob.js';
import type { Place } from './recent-chunks.js';
import type { BlobRange } from './source.js';

export interface ChunkPlaces {
  /** bytes */
  readonly chunkSize: number;
  /** bytes of the blob: its last chunk may be shorter */
  readonly size: number;
}

export function chunkLength({ chunkSize, size }: ChunkPlaces, chunk: number): number {
  return Math.min(chunkSize, size - chunk * chunkSize);
}

/** Chunks that ranges lie in, ascending, each once. */
export function chunksOf({ chunkSize }: ChunkPlaces, ranges: readonly BlobRange[]): number[] {
  const chunks = new Set<number>();
  for (const { offset, length } of ranges) {
    const end = Math.ceil((offset + length) / chunkSize);
    for (let chunk = Math.floor(offset / chunkSize); chunk < end; chunk++) chunks.add(chunk);
  }
  return [...chunks].sort((a, b) => a - b);
}

/** Who gets the chunks. */
export interface ChunkTaker {
  /** asked when the first byte of a chunk comes */
  isWanted(chunk: number): boolean;
  /** memory for a chunk of so many bytes, held */
  take(length: number): Place;
  /** gets each whole chunk that was wanted, in a place that is let go when the call returns */
  complete(chunk: number, place: Place): void;
}

export class ChunkAssembly {
  readonly #places: ChunkPlaces;
  readonly #taker: ChunkTaker;
  /** the chunk that is being put together, and where its first #filled bytes are; undefined where there is none */
  #chunk = -1;
  #place: Place | undefined;
  #filled = 0;
  /** whether an answer is read into it */
  #isLanding = false;
  readonly #landings: ChunkLanding[] = [];

  constructor(places: ChunkPlaces, taker: ChunkTaker) {
    this.#places = places;
    this.#taker = taker;
  }

  /** For an answer whose bytes are going to be added: what it may be read into. */
  readonly landing = (): Landing => {
    const landing = new ChunkLanding(this.#places, this.#taker);
    this.#landings.push(landing);
    return landing;
  };

  /** `bytes` stand at byte `at` of the blob, and are only lent. What came before may come again. */
  add(at: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const position = at + done;
      const chunk = Math.floor(position / this.#places.chunkSize);
      const start = chunk * this.#places.chunkSize;
      const length = chunkLength(this.#places, chunk);
      if (length <= 0) return;
      const end = Math.min(bytes.length, done + start + length - position);
      this.#take(chunk, position - start, bytes.subarray(done, end), length);
      done = end;
    }
  }

  /** Nothing else comes: what has not become whole is dropped. */
  end(): void {
    this.#place?.release();
    this.#place = undefined;
  }

  /** `piece` lies within the chunk, from its byte `skip` on. */
  #take(chunk: number, skip: number, piece: Uint8Array, length: number): void {
    if (this.#place === undefined || chunk !== this.#chunk) {
      this.end();
      if (skip !== 0 || !this.#taker.isWanted(chunk)) return;
      this.#chunk = chunk;
      this.#place = this.#landed(piece);
      this.#isLanding = this.#place !== undefined;
      this.#place ??= this.#taker.take(length);
      this.#filled = 0;
    }
    // a hole in what came: this chunk cannot become whole
    if (skip > this.#filled) {
      this.end();
      return;
    }
    if (skip + piece.length > this.#filled) {
      if (this.#isLanding && !isAt(this.#place, skip, piece)) this.#leaveLanding(length);
      if (!this.#isLanding) this.#place.bytes.set(piece.subarray(this.#filled - skip), this.#filled);
      this.#filled = skip + piece.length;
    }
    if (this.#filled < length) return;
    this.#taker.complete(chunk, this.#place);
    this.end();
  }

  /** The place that an answer was read into, held; undefined where the piece came another way. */
  #landed(piece: Uint8Array): Place | undefined {
    for (const { places } of this.#landings) {
      for (const place of places) if (isAt(place, 0, piece)) return place.hold();
    }
    return undefined;
  }

  /** Another answer is ahead: the one that the place belongs to may still write to it. */
  #leaveLanding(length: number): void {
    const place = this.#taker.take(length);
    place.bytes.set(this.#place!.bytes.subarray(0, this.#filled));
    this.end();
    this.#place = place;
    this.#isLanding = false;
  }
}

/** Of one answer. */
class ChunkLanding implements Landing {
  readonly #places: ChunkPlaces;
  readonly #taker: ChunkTaker;
  /** of the chunks that are read, one behind the other, held; #first is the first one's */
  readonly places: Place[] = [];
  #first = -1;

  constructor(places: ChunkPlaces, taker: ChunkTaker) {
    this.#places = places;
    this.#taker = taker;
  }

  /** What lies one behind the other in memory as well is read at once. */
  room(at: number, shared: Uint8Array): Uint8Array {
    const chunk = Math.floor(at / this.#places.chunkSize);
    const skip = at - chunk * this.#places.chunkSize;
    for (; this.places.length > 0 && this.#first < chunk; this.#first++) this.places.shift()!.release();
    // the beginning of a chunk came another way, and so does the rest of it
    if (this.places.length === 0 && (skip > 0 || !this.#extend(chunk))) {
      return shared.subarray(0, chunkLength(this.#places, chunk) - skip);
    }
    const { buffer, byteOffset } = this.places[0]!.bytes;
    let end = 0;
    for (let i = 0; end < skip + shared.length; i++) {
      if (i === this.places.length && !this.#extend(chunk + i)) break;
      const { bytes } = this.places[i]!;
      if (bytes.buffer !== buffer || bytes.byteOffset !== byteOffset + end) break;
      end += bytes.length;
    }
    return new Uint8Array(buffer, byteOffset + skip, Math.min(end - skip, shared.length));
  }

  left(): void {
    for (const place of this.places.splice(0)) place.release();
  }

  #extend(chunk: number): boolean {
    if (!this.#taker.isWanted(chunk)) return false;
    if (this.places.length === 0) this.#first = chunk;
    this.places.push(this.#taker.take(chunkLength(this.#places, chunk)));
    return true;
  }
}

/** Whether bytes lie in the place, from its byte `skip` on. */
function isAt({ bytes: { buffer, byteOffset } }: Place, skip: number, bytes: Uint8Array): boolean {
  return bytes.byteOffset === byteOffset + skip && bytes.buffer === buffer;
}
