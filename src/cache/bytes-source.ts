/** Bytes that are in memory already as a Source: a hash tree that was built here. */
import { type BlobRange, readRanges, requireRange, type Source } from './source.js';

export class BytesSource implements Source {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly #bytes: Uint8Array;

  /** `bytes` are borrowed and must not change; `id` as Source says. */
  constructor(bytes: Uint8Array, name: string, id: string) {
    this.id = id;
    this.name = name;
    this.size = bytes.length;
    this.#bytes = bytes;
  }

  readSync(dst: Uint8Array, offset: number): boolean {
    requireRange(this, offset, dst.length);
    dst.set(this.#bytes.subarray(offset, offset + dst.length));
    return true;
  }

  async read(ranges: readonly BlobRange[]): Promise<Uint8Array[]> {
    return readRanges(this, ranges);
  }

  close(): void {}
}
