/** What one read needs of a blob, until it has it: chunks that are in memory stay there, and kept ones are not evicted. */
import type { ChunkStore } from './chunk-store.js';
import type { Place } from './recent-chunks.js';

export class HeldChunks {
  /** ascending */
  readonly chunks: readonly number[];
  readonly #store: Pick<ChunkStore, 'pin' | 'unpin'>;
  readonly #places = new Map<number, Place>();
  #isOver = false;

  constructor(store: Pick<ChunkStore, 'pin' | 'unpin'>, chunks: readonly number[]) {
    this.#store = store;
    this.chunks = chunks;
    for (const chunk of chunks) store.pin(chunk);
  }

  /** Takes over what was held of a chunk; undefined: it is not in memory. */
  add(chunk: number, place: Place | undefined): void {
    if (place === undefined) return;
    // one that came anew takes the place of the old one; what comes too late is not wanted any more
    if (!this.#isOver) this.#places.get(chunk)?.release();
    if (this.#isOver) place.release();
    else this.#places.set(chunk, place);
  }

  release(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const place of this.#places.values()) place.release();
    this.#places.clear();
    for (const chunk of this.chunks) this.#store.unpin(chunk);
  }
}
