/** Whole chunks out of the pieces of one answer, which come in order but begin and end anywhere. */
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

  constructor(places: ChunkPlaces, taker: ChunkTaker) {
    this.#places = places;
    this.#taker = taker;
  }

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
      this.#place = this.#taker.take(length);
      this.#filled = 0;
    }
    // a hole in what came: this chunk cannot become whole
    if (skip > this.#filled) {
      this.end();
      return;
    }
    if (skip + piece.length > this.#filled) {
      this.#place.bytes.set(piece.subarray(this.#filled - skip), this.#filled);
      this.#filled = skip + piece.length;
    }
    if (this.#filled < length) return;
    this.#taker.complete(chunk, this.#place);
    this.end();
  }
}
