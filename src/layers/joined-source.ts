/** Several sources behind each other as one: an index of a tar archive, and the archive. */
import type { BlobRange, Source } from '../cache/source.js';
import { LayerError } from './layer-error.js';

interface Part {
  readonly source: Source;
  /** byte of the whole where it begins */
  readonly start: number;
}

/** Bytes of one part, and where in a range of the whole they belong. */
interface Piece {
  readonly range: number;
  readonly at: number;
  readonly wanted: BlobRange;
}

export class JoinedSource implements Source {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  /** Present where all parts have it. */
  readonly readSync?: (dst: Uint8Array, offset: number) => boolean;
  /** Present where one of the parts has it. */
  readonly isHere?: (offset: number, length: number) => boolean;
  /** Present where one of the parts has it. */
  readonly discard?: (offset: number, length: number) => void;
  readonly #parts: readonly Part[];

  /** Takes the sources over: closing this closes them. */
  constructor(sources: readonly Source[], name: string) {
    let start = 0;
    const parts: Part[] = [];
    for (const source of sources) {
      parts.push({ source, start });
      start += source.size;
    }
    this.id = sources.map(({ id }) => id).join(' and then ');
    this.name = name;
    this.size = start;
    this.#parts = parts;
    if (sources.every(({ readSync }) => readSync !== undefined)) {
      this.readSync = (dst, offset) => this.#readSync(dst, offset);
    }
    if (sources.some(({ isHere }) => isHere !== undefined)) {
      this.isHere = (offset, length) => this.#isHere(offset, length);
    }
    if (sources.some(({ discard }) => discard !== undefined)) {
      this.discard = (offset, length) => this.#discard(offset, length);
    }
  }

  async read(ranges: readonly BlobRange[], signal?: AbortSignal): Promise<Uint8Array[]> {
    for (const { offset, length } of ranges) this.#checkRange(offset, length);
    const found = ranges.map(({ length }) => new Uint8Array(length));
    await Promise.all(
      this.#parts.map(async (part) => {
        const pieces = piecesOf(part, ranges);
        if (pieces.length === 0) return;
        const bytes = await part.source.read(
          pieces.map(({ wanted }) => wanted),
          signal,
        );
        for (const [i, { range, at }] of pieces.entries()) found[range]!.set(bytes[i]!, at);
      }),
    );
    return found;
  }

  close(): void {
    for (const { source } of this.#parts) source.close();
  }

  #readSync(dst: Uint8Array, offset: number): boolean {
    this.#checkRange(offset, dst.length);
    for (const { source, start } of this.#parts) {
      const from = Math.max(offset, start);
      const end = Math.min(offset + dst.length, start + source.size);
      if (from >= end) continue;
      const isAll = end - from === dst.length;
      if (!source.readSync!(isAll ? dst : dst.subarray(from - offset, end - offset), from - start))
        return false;
    }
    return true;
  }

  #isHere(offset: number, length: number): boolean {
    for (const { source, start } of this.#parts) {
      const from = Math.max(offset, start);
      const end = Math.min(offset + length, start + source.size);
      if (from < end && source.isHere?.(from - start, end - from) === false) return false;
    }
    return true;
  }

  #discard(offset: number, length: number): void {
    for (const { source, start } of this.#parts) {
      const from = Math.max(offset, start);
      const end = Math.min(offset + length, start + source.size);
      if (from < end) source.discard?.(from - start, end - from);
    }
  }

  #checkRange(offset: number, length: number): void {
    if (offset + length <= this.size) return;
    throw new LayerError(
      'truncated',
      `${this.name} ends at byte ${this.size}, ${length} bytes were wanted from byte ${offset} on`,
    );
  }
}

/** What a part has of ranges of the whole. */
function piecesOf({ source, start }: Part, ranges: readonly BlobRange[]): Piece[] {
  const pieces: Piece[] = [];
  for (const [range, { offset, length }] of ranges.entries()) {
    const from = Math.max(offset, start);
    const end = Math.min(offset + length, start + source.size);
    if (from < end)
      pieces.push({ range, at: from - offset, wanted: { offset: from - start, length: end - from } });
  }
  return pieces;
}
