/** Bytes of one blob: a local file or block device here; a blob behind a network in lazy-source.ts. */

import { ErofsError } from '../erofs-reader/errors.js';

/** A half-open range of bytes of one blob. */
export interface BlobRange {
  readonly offset: number;
  readonly length: number;
}

/** The ranges of a source whose readSync always fills, as its read() gives them. */
export function readRanges(
  source: Required<Pick<Source, 'readSync'>>,
  ranges: readonly BlobRange[],
): Uint8Array[] {
  return ranges.map(({ offset, length }) => {
    const bytes = new Uint8Array(length);
    source.readSync(bytes, offset);
    return bytes;
  });
}

/** Throws ErofsError 'truncated' for bytes that lie beyond the end of a source. */
export function requireRange(
  { name, size }: Pick<Source, 'name' | 'size'>,
  offset: number,
  length: number,
): void {
  if (offset + length <= size) return;
  throw new ErofsError(
    'truncated',
    `${name} ends at byte ${size}, ${length} bytes were wanted from byte ${offset} on`,
    { offset },
  );
}

export interface Source {
  /** name and version of the blob: two sources with one id have the same bytes */
  readonly id: string;
  /** what people call it: a path or URL without secrets, for messages */
  readonly name: string;
  /** bytes */
  readonly size: number;
  /**
   * Fills dst from `offset` and returns true; false where not all of the bytes are here: dst is then undefined, and
   * read() gets them. Present only where it cannot block for long (a local file, which has everything).
   * Throws code 'truncated' where the blob ends before, 'io' where the system refuses.
   */
  readSync?(dst: Uint8Array, offset: number): boolean;
  /**
   * Whether readSync would fill all of a range, found out without reading it. It may have changed when that is called: what is
   * kept may be evicted or turn out to be damaged. Absent where readSync always fills, or is absent itself.
   */
  isHere?(offset: number, length: number): boolean;
  /** What is kept of these bytes was proven wrong: the next read() gets them from where they came. Absent where nothing is kept. */
  discard?(offset: number, length: number): void;
  /** One array a range, each of its full length; rejects like readSync throws, and with the signal's reason. */
  read(ranges: readonly BlobRange[], signal?: AbortSignal): Promise<Uint8Array[]>;
  /**
   * Fetches what is not here of ranges. Until what it gives is called, readSync fills from them whatever else is fetched: what
   * read() would copy stays in the source's own memory. Present where readSync is and bytes take long to come. Rejects as read() does.
   */
  hold?(ranges: readonly BlobRange[], signal?: AbortSignal): Promise<() => void>;
  close(): void;
}
