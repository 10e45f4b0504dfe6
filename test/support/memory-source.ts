/** A blob in memory as a Source: one that answers at once, or one that has to be waited for and may fail. */
import type { BlobRange, Source } from '../../src/cache/source.js';

export class MemorySource implements Source {
  readonly id = 'memory';
  readonly name = 'memory';
  readonly size: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.size = bytes.length;
  }

  readSync(dst: Uint8Array, offset: number): boolean {
    dst.set(this.#bytes.subarray(offset, offset + dst.length));
    return true;
  }

  async read(ranges: readonly BlobRange[]): Promise<Uint8Array[]> {
    return ranges.map(({ offset, length }) => this.#bytes.slice(offset, offset + length));
  }

  close(): void {}
}

/** Cannot be read at once, like a blob behind a network. Counts what it was asked for; fails at fetch number `failAt`. */
export class RemoteSource implements Source {
  readonly id = 'remote';
  readonly name = 'remote';
  readonly size: number;
  fetches = 0;
  bytesFetched = 0;
  readonly #bytes: Uint8Array;
  readonly #failAt: number;

  constructor(bytes: Uint8Array, failAt = Number.POSITIVE_INFINITY) {
    this.#bytes = bytes;
    this.size = bytes.length;
    this.#failAt = failAt;
  }

  async read(ranges: readonly BlobRange[]): Promise<Uint8Array[]> {
    this.fetches++;
    if (this.fetches === this.#failAt) throw Object.assign(new Error('the network is gone'), { code: 'io' });
    return ranges.map(({ offset, length }) => {
      this.bytesFetched += length;
      return this.#bytes.slice(offset, offset + length);
    });
  }

  close(): void {}
}
