/** The other side of a network that answers exactly when the test lets it. */
import type { BlobRange } from '../../src/cache/source.js';
import type { Arrival, FetchOptions, RemoteBlob } from '../../src/remote/remote-blob.js';

/** A request that waits for its answer. */
export interface Asked extends BlobRange {
  readonly options: FetchOptions;
  /** Gives bytes from `from` on, counted from the range's start; the request goes on. */
  give(from: number, length: number): void;
  /** Gives all of it in uneven pieces, and ends the request. */
  answer(): void;
  /** Ends the request. */
  end(error?: Error): void;
}

/** Pieces are of these many bytes in turn, so that they begin and end anywhere. */
const PIECES = [100, 1, 700, 4096];

export class GatedBlob implements RemoteBlob {
  readonly id: string;
  readonly name = 'gated';
  readonly version = '1';
  readonly size: number;
  /** all requests so far */
  readonly asked: Asked[] = [];
  /** ranges that were found wrong */
  readonly blamed: BlobRange[] = [];
  closed = false;
  /** answers by itself */
  open = false;
  /** told of requests that wait at the gate */
  onAsked: (asked: Asked) => void = () => {};
  readonly #bytes: Uint8Array;
  #arrival: (() => void) | undefined;

  constructor(bytes: Uint8Array, id = 'gated 1') {
    this.#bytes = bytes;
    this.id = id;
    this.size = bytes.length;
  }

  /** Settles when `count` requests have come, since the beginning. */
  async reaches(count: number): Promise<void> {
    while (this.asked.length < count) {
      await new Promise<void>((resolve) => {
        this.#arrival = resolve;
      });
    }
  }

  /** Answers what waits, and from now on everything. */
  release(): void {
    this.open = true;
    for (const asked of this.asked) asked.answer();
  }

  fetch(range: BlobRange, arrived: Arrival, options: FetchOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      options.signal?.addEventListener('abort', () => reject(options.signal!.reason));
      const give = (from: number, length: number) => {
        const at = range.offset + from;
        const lent = this.#bytes.slice(at, at + length);
        arrived(at, lent);
        lent.fill(0xee);
      };
      const end = (error?: Error) => (error === undefined ? resolve() : reject(error));
      const answer = () => {
        for (let from = 0, n = 0; from < range.length; n++) {
          const length = Math.min(PIECES[n % PIECES.length]!, range.length - from);
          give(from, length);
          from += length;
        }
        end();
      };
      const asked = { ...range, options, give, end, answer };
      this.asked.push(asked);
      this.#arrival?.();
      if (this.open) answer();
      else this.onAsked(asked);
    });
  }

  blame(range: BlobRange): void {
    this.blamed.push(range);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
