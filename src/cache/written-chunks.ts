/**
 * Records of chunks whose bytes are in the data file and not yet durable, in memory that the threads of one process share: any of them
 * reads such a chunk as one of the index. With the process they are gone, and so may be the bytes.
 *
 * LAW: a record stands here from when its bytes are written until it is in the index. Who takes one holds its seal against it, so that
 * one that is being written, or of files that are no more, is none.
 */
import { type IndexLayout, sealOf } from './chunk-index.js';

export class WrittenChunks {
  readonly #layout: IndexLayout;
  readonly #generation: number;
  readonly #words: Uint32Array;

  /** `memory`: of writtenMemory(), for a blob of this layout. */
  constructor(layout: IndexLayout, generation: number, memory: SharedArrayBuffer) {
    this.#layout = layout;
    this.#generation = generation;
    this.#words = new Uint32Array(memory);
  }

  set(chunk: number, record: Uint32Array): void {
    const at = chunk * this.#layout.recordWords;
    this.#words.set(record.subarray(1), at + 1);
    Atomics.store(this.#words, at, record[0]!);
  }

  clear(chunk: number): void {
    Atomics.store(this.#words, chunk * this.#layout.recordWords, 0);
  }

  /** False where take() would be. */
  has(chunk: number): boolean {
    return Atomics.load(this.#words, chunk * this.#layout.recordWords) !== 0;
  }

  /** Fills `record` where the chunk has one here. */
  take(chunk: number, record: Uint32Array): boolean {
    const { recordWords } = this.#layout;
    const at = chunk * recordWords;
    const seal = Atomics.load(this.#words, at);
    if (seal === 0) return false;
    for (let word = 1; word < recordWords; word++) record[word] = this.#words[at + word]!;
    record[0] = sealOf(record, chunk, this.#generation) === seal ? seal : 0;
    return record[0] !== 0;
  }
}

/** Pages of it that nothing is written to take no room. */
export function writtenMemory({ chunks, recordWords }: IndexLayout): SharedArrayBuffer {
  return new SharedArrayBuffer(chunks * recordWords * Uint32Array.BYTES_PER_ELEMENT);
}
