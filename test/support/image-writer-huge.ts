/**
 * Files of terabytes, and addresses that need 48 bits: an image that the reader's tests and the mounts' tests share.
 *
 * LAW: blocks of 512 bytes, so that block 2^32 is byte 2^41, which file systems can hold as a sparse file.
 */
import type { ImageSpec } from './image-writer.js';
import { chunked, encoded, flatSparse, hole } from './image-writer-body.js';
import { directory, file } from './image-writer-node.js';
import { lz4Literals } from './small-streams.js';

const GiB = 2 ** 30;
const TiB = 2 ** 40;

/** What a file must have at an offset, behind zeros. */
export type Marks = Readonly<Record<number, string>>;

export interface HugeFile {
  readonly size: number;
  readonly marks: Marks;
  /** where SEEK_DATA finds data: [start, end) */
  readonly data: readonly (readonly [number, number])[];
}

const BLOCK = 512;

/** the first block whose address needs more than 32 bits */
const FAR = 2 ** 32;

const coded = 'coded beyond 4 GiB '.repeat(12);

const flatMarks: Marks = {
  0: 'the start',
  [4 * GiB - 4]: 'over 4 GiB',
  [TiB - 3]: 'over 2^40',
  [TiB + 8187]: 'end',
};

/** Each file by name, with what it must show. */
export const hugeFiles: Readonly<Record<string, HugeFile>> = {
  flat: { size: TiB + 8190, marks: flatMarks, data: [[0, TiB + 8190]] },
  hole: { size: 2 ** 50 + 1, marks: {}, data: [] },
  'block-map': {
    size: 2 * TiB + 5,
    marks: { 0: 'first chunk', [TiB - 8]: 'last of ', [2 * TiB]: 'third' },
    data: [
      [0, TiB],
      [2 * TiB, 2 * TiB + 5],
    ],
  },
  indexes: {
    size: 6 * GiB - 1,
    marks: { [4 * GiB]: 'at 4 GiB', [6 * GiB - 4]: 'end' },
    data: [[4 * GiB, 6 * GiB - 1]],
  },
  'indexes-48bit': {
    size: 3 * GiB,
    marks: { 0: 'block 2^32 + 8', [2 * GiB]: 'block 2^32 - 1' },
    data: [
      [0, GiB],
      [2 * GiB, 3 * GiB],
    ],
  },
  'extents-16': {
    size: 4 * GiB - 1,
    marks: { 5: 'plain', [2 * GiB]: coded, [4 * GiB - 7]: '4 GiB!' },
    data: [
      [5, 10],
      [2 * GiB, 2 * GiB + coded.length],
      [4 * GiB - 7, 4 * GiB - 1],
    ],
  },
  'extents-32': {
    size: TiB + 4 * GiB + 4,
    marks: { [4 * GiB - 2]: 'plain', [TiB - 6]: coded, [TiB + 4 * GiB]: 'tail' },
    data: [
      [4 * GiB - 2, 4 * GiB + 3],
      [TiB - 6, TiB - 6 + coded.length],
      [TiB + 4 * GiB, TiB + 4 * GiB + 4],
    ],
  },
  'far-inode': { size: 3, marks: { 0: 'far' }, data: [[0, 3]] },
};

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** A 48-bit image of more than 2^32 blocks; on disk it takes some 100 KiB. */
export function hugeImage(): ImageSpec {
  return {
    blockBits: 9,
    is48Bit: true,
    algorithms: 1,
    blocks: FAR + 2 ** 23,
    root: directory({
      flat: file(flatSparse(hugeFiles.flat!.size, 2 ** 30, flatMarks)),
      hole: file(hole(hugeFiles.hole!.size)),
      'block-map': file(
        chunked({
          size: hugeFiles['block-map']!.size,
          bits: 31,
          chunks: [{ block: 1024 }, undefined, { bytes: 'third' }],
        }),
      ),
      indexes: file(
        chunked({
          size: hugeFiles.indexes!.size,
          bits: 22,
          indexes: true,
          chunks: [undefined, undefined, { block: 2 ** 31, bytes: 'at 4 GiB' }],
        }),
      ),
      'indexes-48bit': file(
        chunked({
          size: hugeFiles['indexes-48bit']!.size,
          bits: 21,
          indexes: true,
          wide: true,
          chunks: [
            { block: FAR + 8, bytes: 'block 2^32 + 8' },
            undefined,
            { block: FAR - 1, bytes: 'block 2^32 - 1' },
          ],
        }),
      ),
      'extents-16': file(
        encoded({
          size: hugeFiles['extents-16']!.size,
          recordSize: 16,
          extents: [
            { start: 5, encoded: bytes('plain'), offset: FAR * BLOCK + 100 * BLOCK },
            { start: 10 },
            { start: 2 * GiB, encoded: lz4Literals(coded), format: 1, offset: FAR * BLOCK + 101 * BLOCK + 7 },
            { start: 2 * GiB + coded.length },
            { start: 4 * GiB - 7, encoded: bytes('4 GiB!') },
          ],
        }),
      ),
      'extents-32': file(
        encoded({
          size: hugeFiles['extents-32']!.size,
          recordSize: 32,
          extents: [
            { start: 0 },
            { start: 4 * GiB - 2, encoded: bytes('plain') },
            { start: 4 * GiB + 3 },
            { start: TiB - 6, encoded: lz4Literals(coded), format: 1, offset: FAR * BLOCK + 103 * BLOCK },
            { start: TiB - 6 + coded.length },
            { start: TiB + 4 * GiB, encoded: bytes('tail') },
          ],
        }),
      ),
      'far-inode': file('far', { nid: 2 ** 32 + 5 }),
    }),
    data: [
      { offset: 1024 * BLOCK, bytes: bytes('first chunk') },
      { offset: 1024 * BLOCK + TiB - 8, bytes: bytes('last of ') },
      { offset: 2 ** 40 + 2 * GiB - 4, bytes: bytes('end') },
    ],
  };
}
