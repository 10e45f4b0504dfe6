/** A part of a source as a Source of its own: a blob that is a member of an archive. */
import type { BlobRange, Source } from '../cache/source.js';
import { LayerError } from './layer-error.js';

export class SliceSource implements Source {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly #source: Source;
  readonly #start: number;

  /**
   * Takes the source over: closing the slice closes it. Throws LayerError 'truncated' where the source ends before the slice.
   * The source's bytes are all at hand: a file.
   */
  constructor(source: Source, start: number, size: number, name: string) {
    if (start + size > source.size) {
      throw new LayerError(
        'truncated',
        `${name}: its ${size} bytes from byte ${start} on are not in ${source.name}, which has ${source.size}; get that file anew`,
      );
    }
    this.id = `${source.id} from ${start} to ${start + size}`;
    this.name = name;
    this.size = size;
    this.#source = source;
    this.#start = start;
  }

  readSync(dst: Uint8Array, offset: number): boolean {
    this.#checkRange(offset, dst.length);
    return this.#source.readSync!(dst, this.#start + offset);
  }

  read(ranges: readonly BlobRange[], signal?: AbortSignal): Promise<Uint8Array[]> {
    const within = ranges.map(({ offset, length }) => {
      this.#checkRange(offset, length);
      return { offset: this.#start + offset, length };
    });
    return this.#source.read(within, signal);
  }

  close(): void {
    this.#source.close();
  }

  #checkRange(offset: number, length: number): void {
    if (offset + length <= this.size) return;
    throw new LayerError(
      'truncated',
      `${this.name} ends at byte ${this.size}, ${length} bytes were wanted from byte ${offset} on`,
    );
  }
}
