/**
 * Who reads one chunk behind the other, and how far ahead of them to fetch. Pure arithmetic on chunk numbers.
 *
 * A window begins with what was read and doubles each time the reader comes within half of it of its end, so that what
 * was fetched for nothing is at most about what was read, and a long scan becomes a stream. Of a reader whose chunks are
 * already here nothing is seen; it is met again where the window ends.
 */
import type { ChunkRun } from './coalesce.js';

interface Stream {
  /** the chunk behind the last one that was read */
  next: number;
  /** the chunk behind the last one that was read or is fetched ahead */
  ahead: number;
  /** chunks */
  window: number;
}

/** As many files are followed at once. */
const STREAMS = 16;

export class Readahead {
  readonly #largest: number;
  /** the one met last first */
  readonly #streams: Stream[] = [];

  /** `largest` window in chunks; 0 turns it off. */
  constructor(largest: number) {
    this.#largest = largest;
  }

  /** Chunks first .. end are being read; returns those to fetch ahead, which may lie beyond the blob. */
  observe(first: number, end: number): ChunkRun | undefined {
    const at = this.#streams.findIndex(({ next, ahead }) => first >= next - 1 && first <= ahead);
    if (at < 0) {
      this.#streams.unshift({ next: end, ahead: end, window: end - first });
      if (this.#streams.length > STREAMS) this.#streams.pop();
      return undefined;
    }
    const [stream] = this.#streams.splice(at, 1) as [Stream];
    this.#streams.unshift(stream);
    if (end <= stream.next) return undefined;
    stream.next = end;
    if (stream.ahead - end > stream.window / 2) return undefined;
    stream.window = Math.min(this.#largest, stream.window * 2);
    const from = Math.max(stream.ahead, end);
    stream.ahead = Math.max(from, end + stream.window);
    return stream.ahead > from ? { first: from, end: stream.ahead } : undefined;
  }
}
