/** Whole chunks out of the pieces of one answer, which come in order but begin and end anywhere. */

export interface ChunkPlaces {
  /** bytes */
  readonly chunkSize: number;
  /** bytes of the blob: its last chunk may be shorter */
  readonly size: number;
}

export function chunkLength({ chunkSize, size }: ChunkPlaces, chunk: number): number {
  return Math.min(chunkSize, size - chunk * chunkSize);
}

export class ChunkAssembly {
  readonly #places: ChunkPlaces;
  readonly #isWanted: (chunk: number) => boolean;
  readonly #complete: (chunk: number, bytes: Uint8Array) => void;
  /** the chunk that is being put together, and its first #filled bytes; -1 where there is none */
  #chunk = -1;
  #bytes = new Uint8Array(0);
  #filled = 0;

  /** `complete` gets each whole chunk of those that `isWanted` when their first byte comes, in memory of its own. */
  constructor(
    places: ChunkPlaces,
    isWanted: (chunk: number) => boolean,
    complete: (chunk: number, bytes: Uint8Array) => void,
  ) {
    this.#places = places;
    this.#isWanted = isWanted;
    this.#complete = complete;
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

  /** `piece` lies within the chunk, from its byte `skip` on. */
  #take(chunk: number, skip: number, piece: Uint8Array, length: number): void {
    if (chunk !== this.#chunk) {
      if (skip !== 0 || !this.#isWanted(chunk)) return;
      this.#chunk = chunk;
      this.#bytes = new Uint8Array(length);
      this.#filled = 0;
    }
    // a hole in what came: this chunk cannot become whole
    if (skip > this.#filled) this.#chunk = -1;
    else if (skip + piece.length > this.#filled) {
      this.#bytes.set(piece.subarray(this.#filled - skip), this.#filled);
      this.#filled = skip + piece.length;
    }
    if (this.#chunk < 0 || this.#filled < length) return;
    this.#chunk = -1;
    this.#complete(chunk, this.#bytes);
  }
}
