/**
 * Who reads one chunk behind the other, and how far ahead of them to fetch. Pure arithmetic on chunk numbers.
 *
 * LAW: nothing is fetched ahead of who has read less than a stream's beginning, or asked less than three times: so a file that is
 * read once costs its own chunks. After that the window is half of what was read, so that what is fetched for nothing is at most
 * that, and a long scan becomes a stream. It moves on when the reader comes within half of it of its end.
 *
 * Of a reader whose chunks are already here nothing is seen; it is met again where the window ends.
 */
import type { ChunkRun } from './coalesce.js';

export interface ReadaheadLimits {
  /** chunks of the largest window; 0 turns it off */
  readonly largest: number;
  /** chunks that are read before anything is fetched ahead */
  readonly beginning: number;
}

/** Bytes of the largest window: what is fetched ahead must be in memory still when it is read, also where nothing is kept. */
export function windowOf({
  readahead = 16 << 20,
  ring,
}: {
  readonly readahead?: number | undefined;
  readonly ring?: { readonly size: number } | undefined;
}): number {
  return Math.min(readahead, (ring?.size ?? Number.POSITIVE_INFINITY) / 2);
}

interface Stream {
  readonly start: number;
  /** the chunk behind the last one that was read */
  next: number;
  /** the chunk behind the last one that was read or is fetched ahead */
  ahead: number;
  /** that read on */
  requests: number;
}

/** As many files are followed at once. */
const STREAMS = 16;
/** Two neighbours may be two files, or a file and its end. */
const REQUESTS = 3;

export class Readahead {
  readonly #limits: ReadaheadLimits;
  /** the one met last first */
  readonly #streams: Stream[] = [];

  constructor(limits: ReadaheadLimits) {
    this.#limits = limits;
  }

  /** Chunks first .. end are being read; returns those to fetch ahead, which may lie beyond the blob. */
  observe(first: number, end: number): ChunkRun | undefined {
    const at = this.#streams.findIndex(({ next, ahead }) => first >= next - 1 && first <= ahead);
    if (at < 0) {
      this.#streams.unshift({ start: first, next: end, ahead: end, requests: 1 });
      if (this.#streams.length > STREAMS) this.#streams.pop();
      return undefined;
    }
    const [stream] = this.#streams.splice(at, 1) as [Stream];
    this.#streams.unshift(stream);
    if (end <= stream.next) return undefined;
    stream.next = end;
    stream.ahead = Math.max(stream.ahead, end);
    stream.requests++;
    const read = end - stream.start;
    if (stream.requests < REQUESTS || read < this.#limits.beginning) return undefined;
    const window = Math.min(this.#limits.largest, Math.floor(read / 2));
    if (stream.ahead - end > window / 2) return undefined;
    const from = stream.ahead;
    stream.ahead = Math.max(from, end + window);
    return stream.ahead > from ? { first: from, end: stream.ahead } : undefined;
  }
}
