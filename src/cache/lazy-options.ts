/** What a blob behind a network is told when it is opened, and what it tells of itself. */
import type { GraceOptions } from './grace.js';
import type { Connection } from './other-side.js';
import type { ChunkRing } from './recent-chunks.js';

export interface LazyOptions extends GraceOptions {
  /** absent: nothing is fetched, and what is not kept is RemoteError 'offline' */
  readonly connection?: Connection | undefined;
  /** bytes that nobody wants and that are fetched all the same rather than made two requests; 128 KiB */
  readonly mergeGap?: number | undefined;
  /** bytes of one request at most; 4 MiB */
  readonly longestFetch?: number | undefined;
  /** bytes fetched ahead of who reads in sequence at most, 0 for none; 16 MiB */
  readonly readahead?: number | undefined;
  /** bytes that are read in sequence before any are fetched ahead of it; 1 MiB */
  readonly readaheadAfter?: number | undefined;
  /** requests ahead of need at a time; 2 */
  readonly parallelAhead?: number | undefined;
  /** bytes that stay in memory after they arrived; 32 MiB */
  readonly memory?: number | undefined;
  /** the same, shared with other blobs; counts before `memory` */
  readonly ring?: ChunkRing | undefined;
  /** told of every range that is read, also where it is read from what is kept */
  readonly observed?: ((offset: number, length: number) => void) | undefined;
  /** the other side stays open when all is here: who gave which bytes is known as long, so that wrong ones are asked of another */
  readonly staysOpen?: boolean | undefined;
  /** called once, when every byte is kept and the other side has been let go */
  readonly completed?: (() => void) | undefined;
  /** what holds all of it against its digest, once all is kept */
  readonly watcher?: LazyWatcher | undefined;
}

export interface LazyWatcher {
  /** Settles when it has done so, or not all is kept; rejects where it was wrong. */
  settled(): Promise<void>;
  /** The source is closed. */
  stop(): void;
}

/** What it did so far. */
export interface LazyCounters {
  chunksFetched: number;
  bytesFetched: number;
  /** chunks that were wanted and were here */
  hits: number;
}
