/** A source of which some bytes are taken to be others: damage that was noted is passed, to find what lies behind it. */
import type { BlobRange, Source } from '../cache/source.js';

export class MendedSource implements Source {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly readSync?: (dst: Uint8Array, offset: number) => boolean;
  readonly #source: Source;
  readonly #bytes: Uint8Array;
  readonly #offset: number;

  /** `bytes` stand at `offset`. Closes `source` when it is closed. */
  constructor(source: Source, bytes: Uint8Array, offset: number) {
    this.id = `${source.id} mended at ${offset}`;
    this.name = source.name;
    this.size = source.size;
    this.#source = source;
    this.#bytes = bytes;
    this.#offset = offset;
    if (source.readSync !== undefined) {
      this.readSync = (dst, offset) => {
        const filled = source.readSync!(dst, offset);
        this.#mend(dst, offset);
        return filled;
      };
    }
  }

  isHere(offset: number, length: number): boolean {
    return this.#source.isHere?.(offset, length) ?? this.readSync !== undefined;
  }

  discard(offset: number, length: number): void {
    this.#source.discard?.(offset, length);
  }

  async read(ranges: readonly BlobRange[], signal?: AbortSignal): Promise<Uint8Array[]> {
    const pieces = await this.#source.read(ranges, signal);
    return pieces.map((piece, i) => {
      const mended = piece.slice();
      this.#mend(mended, ranges[i]!.offset);
      return mended;
    });
  }

  close(): void {
    this.#source.close();
  }

  /** `piece` is what stands at `offset`. */
  #mend(piece: Uint8Array, offset: number): void {
    for (const [i, byte] of this.#bytes.entries()) {
      const at = this.#offset + i - offset;
      if (at >= 0 && at < piece.length) piece[at] = byte;
    }
  }
}
