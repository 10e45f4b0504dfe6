/**
 * The unpacked bytes of a blob whose chunks an index tells, as a blob of its own.
 *
 * LAW: a byte is handed on when its chunk is right. A chunk that is not is asked for once more, of another server where there is
 * one, and then the fetch fails.
 */
import type { BlobRange } from '../cache/source.js';
import type { Arrival, FetchOptions, RemoteBlob } from '../remote/remote-blob.js';
import { ChunkDecoder } from './chunk-decoder.js';
import type { ChunkIndex } from './chunk-index.js';
import { LayerError } from './layer-error.js';

/** Bytes of the packed blob that are asked for at once. */
const LONGEST_FETCH = 8 << 20;

/** Neighbours in the blob as well as unpacked: first .. end. */
interface ChunkRun {
  readonly first: number;
  readonly end: number;
}

export class IndexedBlob implements RemoteBlob {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly version: string;
  readonly #inner: RemoteBlob;
  readonly #index: ChunkIndex;
  readonly #decoder: ChunkDecoder;

  /** Takes `inner` over, the packed blob: closing this one closes it. */
  static async open(
    inner: RemoteBlob,
    index: ChunkIndex,
    known: Pick<RemoteBlob, 'id' | 'name' | 'version'>,
  ): Promise<IndexedBlob> {
    return new IndexedBlob(inner, index, known, await ChunkDecoder.for(index));
  }

  private constructor(
    inner: RemoteBlob,
    index: ChunkIndex,
    { id, name, version }: Pick<RemoteBlob, 'id' | 'name' | 'version'>,
    decoder: ChunkDecoder,
  ) {
    this.id = id;
    this.name = name;
    this.size = index.size;
    this.version = version;
    this.#inner = inner;
    this.#index = index;
    this.#decoder = decoder;
  }

  /** Gives whole chunks. Rejects with LayerError 'bad-chunk', and as the packed blob does. */
  async fetch({ offset, length }: BlobRange, arrived: Arrival, options: FetchOptions = {}): Promise<void> {
    if (offset < 0 || length < 0 || offset + length > this.size) {
      throw new RangeError(
        `bytes ${offset} to ${offset + length - 1} are not in the ${this.size} of ${this.name}`,
      );
    }
    if (length === 0) return;
    const end = this.#index.chunkAt(offset + length - 1) + 1;
    // packed bytes have other places
    const packed: FetchOptions = {
      signal: options.signal,
      get background() {
        return options.background === true;
      },
    };
    for (let next = this.#index.chunkAt(offset); next < end; ) {
      next = await this.#fetchRun(this.#runFrom(next, end), arrived, packed);
    }
  }

  blame({ offset, length }: BlobRange): void {
    if (length === 0) return;
    const end = this.#index.chunkAt(offset + length - 1) + 1;
    for (let next = this.#index.chunkAt(offset); next < end; ) {
      const run = this.#runFrom(next, end);
      this.#inner.blame?.(this.#placeOf(run));
      next = run.end;
    }
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #runFrom(first: number, end: number): ChunkRun {
    const start = this.#index.blockOffset(first);
    let last = first;
    while (last + 1 < end && this.#endOf(last) === this.#index.blockOffset(last + 1)) {
      if (this.#endOf(last + 1) - start > LONGEST_FETCH) break;
      last++;
    }
    return { first, end: last + 1 };
  }

  #endOf(chunk: number): number {
    return this.#index.blockOffset(chunk) + this.#index.blockLength(chunk);
  }

  #placeOf({ first, end }: ChunkRun): BlobRange {
    const offset = this.#index.blockOffset(first);
    return { offset, length: this.#endOf(end - 1) - offset };
  }

  /** Returns the chunk to go on with: behind the run, or behind one of it that was wrong and has come anew. */
  async #fetchRun(run: ChunkRun, arrived: Arrival, options: FetchOptions): Promise<number> {
    const chunks = new ArrivingChunks(this.#index, run);
    let wrong = -1;
    await this.#inner.fetch(
      this.#placeOf(run),
      (at, bytes) => {
        // what comes behind a wrong chunk comes again, so that all goes on in order
        if (wrong >= 0) return;
        chunks.add(at, bytes, (chunk, packed) => {
          const unpacked = this.#decoder.unpack(chunk, packed);
          if (typeof unpacked === 'string') wrong = chunk;
          else arrived(this.#index.unpackedOffset(chunk), unpacked);
          return wrong < 0;
        });
      },
      options,
    );
    if (wrong < 0) return run.end;
    await this.#fetchAgain(wrong, arrived, options);
    return wrong + 1;
  }

  async #fetchAgain(chunk: number, arrived: Arrival, options: FetchOptions): Promise<void> {
    const run = { first: chunk, end: chunk + 1 };
    const place = this.#placeOf(run);
    this.#inner.blame?.(place);
    const chunks = new ArrivingChunks(this.#index, run);
    let unpacked: Uint8Array | string = 'they did not all come';
    const take = (_: number, packed: Uint8Array): boolean => {
      unpacked = this.#decoder.unpack(chunk, packed);
      return true;
    };
    await this.#inner.fetch(place, (at, bytes) => chunks.add(at, bytes, take), options);
    if (typeof unpacked !== 'string') return arrived(this.#index.unpackedOffset(chunk), unpacked);
    throw new LayerError(
      'bad-chunk',
      `${this.name}: bytes ${place.offset} to ${place.offset + place.length - 1} of the packed layer came wrong twice: ${unpacked}; try another registry or mirror, or make the image anew`,
    );
  }
}

/** Gets each chunk, lent until the call returns; false: no more of them. */
type ChunkTaker = (chunk: number, packed: Uint8Array) => boolean;

/** Whole chunks of a run out of the pieces of one answer, which come in order but begin and end anywhere. */
class ArrivingChunks {
  readonly #index: ChunkIndex;
  readonly #end: number;
  /** has room for each of the chunks */
  readonly #room: Uint8Array;
  #chunk: number;
  #filled = 0;

  constructor(index: ChunkIndex, { first, end }: ChunkRun) {
    this.#index = index;
    this.#chunk = first;
    this.#end = end;
    let longest = 0;
    for (let chunk = first; chunk < end; chunk++) longest = Math.max(longest, index.blockLength(chunk));
    this.#room = new Uint8Array(longest);
  }

  /** `bytes` stand at byte `at` of the packed blob. What came before may come again. */
  add(at: number, bytes: Uint8Array, take: ChunkTaker): void {
    while (this.#chunk < this.#end) {
      const length = this.#index.blockLength(this.#chunk);
      const skip = this.#index.blockOffset(this.#chunk) + this.#filled - at;
      // a hole, after which nothing can become whole, or nothing new
      if (skip < 0 || skip >= bytes.length) return;
      const piece = bytes.subarray(skip, skip + length - this.#filled);
      this.#room.set(piece, this.#filled);
      this.#filled += piece.length;
      if (this.#filled < length) return;
      this.#chunk++;
      this.#filled = 0;
      if (!take(this.#chunk - 1, this.#room.subarray(0, length))) return;
    }
  }
}
