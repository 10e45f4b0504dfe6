/** A Blob as a Source, and so a File that somebody chose. */
import type { BlobRange, Source } from '../cache/source.js';
import { SourceError } from './source-error.js';

export class BlobSource implements Source {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly #blob: Blob;

  constructor(blob: Blob) {
    this.name = (blob as { readonly name?: string }).name ?? 'the blob';
    this.id = `blob:${this.name}`;
    this.size = blob.size;
    this.#blob = blob;
  }

  read(ranges: readonly BlobRange[]): Promise<Uint8Array[]> {
    return Promise.all(ranges.map((range) => this.#readRange(range)));
  }

  close(): void {}

  async #readRange({ offset, length }: BlobRange): Promise<Uint8Array> {
    try {
      return new Uint8Array(await this.#blob.slice(offset, offset + length).arrayBuffer());
    } catch (cause) {
      const why = (cause as Error).message;
      throw new SourceError(
        'io',
        `${this.name}: ${length} bytes from byte ${offset} on cannot be read: ${why}; choose the file again`,
        { cause },
      );
    }
  }
}
