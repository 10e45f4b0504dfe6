/** Pclusters that cannot be decoded, that decode to too much, and that lie on each other; legal bombs beside them. */
import { deflateRawSync } from 'node:zlib';
import { Algorithm } from '../../src/erofs-reader/layout.js';
import { type EncodedExtent, encoded } from '../support/image-writer-body.js';
import { file, type NodeSpec } from '../support/image-writer-node.js';
import { lz4Literals, lz4Repeated, padded, repeated, zstdRun } from '../support/small-streams.js';
import { shown } from './answers.js';
import type { Row } from './row.js';

const { LZ4, LZMA, DEFLATE, ZSTD } = Algorithm;

/** The most that one extent may decode to (12 MiB), and what mkfs.erofs makes of zeros at most. */
const MOST = 12 << 20;
const USUAL_MOST = 8_192_000;

/** A place that the writer itself does not reach, a whole number of blocks. */
const FAR = 0x50_0000;

/** A file of one extent; the stream is padded in front. */
const one = (algorithm: number, size: number, stream: Uint8Array): NodeSpec =>
  file(
    encoded({
      size,
      recordSize: 16,
      extents: [{ start: 0, encoded: padded(stream), format: 1 + algorithm }],
    }),
  );

const several = (size: number, extents: readonly EncodedExtent[]): NodeSpec =>
  file(encoded({ size, recordSize: 16, extents }));

const undecodable = (name: string, x: NodeSpec, says: RegExp): Row => ({
  name,
  world: 'coded',
  x,
  shows: { x: { read: 'EIO' } },
  says,
  finds: ['undecodable'],
});

const legal = (name: string, x: NodeSpec, content: string | Uint8Array): Row => ({
  name,
  world: 'coded',
  x,
  shows: { x: { read: shown(content) } },
  finds: [],
});

const zeros = (size: number): Uint8Array => new Uint8Array(size);
const damaged = (stream: Uint8Array, at: number, byte: number): Uint8Array => {
  const bytes = Uint8Array.from(stream);
  bytes[at] = byte;
  return bytes;
};

const text = repeated('text ', 1000);
const deflated = deflateRawSync(text);

export const pclusterRows: readonly Row[] = [
  undecodable(
    'LZ4 that refers to what is before its start',
    one(LZ4, 100, Uint8Array.of(0x1f, 0x61, 0xff, 0xff, 9)),
    /LZ4/,
  ),
  undecodable('LZ4 that ends within its literals', one(LZ4, 10, Uint8Array.of(0xa0, 0x61)), /LZ4/),
  undecodable('LZ4 that is too short', one(LZ4, 100, lz4Literals('short')), /LZ4/),
  undecodable('LZ4 of ones', one(LZ4, 5000, new Uint8Array(4096).fill(0xff)), /LZ4/),
  undecodable('a pcluster of zeros', one(LZ4, 100, zeros(4096)), /all zeros/),
  undecodable(
    'LZMA properties that do not exist',
    one(LZMA, 100, new Uint8Array(64).fill(1)),
    /LZMA properties 254, expected under 225/,
  ),
  undecodable('LZMA of one byte', one(LZMA, 100, Uint8Array.of(0x5d)), /LZMA/),
  undecodable('LZMA that ends early', one(LZMA, 100_000, damaged(zeros(20), 0, 0xa2)), /LZMA/),
  undecodable('DEFLATE of an unknown kind of block', one(DEFLATE, 100, Uint8Array.of(7, 1, 2)), /DEFLATE/),
  undecodable(
    'DEFLATE that ends early',
    one(DEFLATE, 1000, deflated.subarray(0, deflated.length - 4)),
    /DEFLATE/,
  ),
  undecodable(
    'zlib with a preset dictionary in place of DEFLATE',
    one(DEFLATE, 100, Uint8Array.of(0x78, 0x20, 1, 2, 3, 4)),
    /DEFLATE/,
  ),
  undecodable('no ZSTD frame', one(ZSTD, 100, Buffer.from('no frame at all')), /no ZSTD frame/),
  undecodable(
    'a ZSTD frame that ends in its header',
    one(ZSTD, 100, zstdRun(1, 100).subarray(0, 7)),
    /ZSTD frame/,
  ),
  undecodable(
    'a ZSTD frame that is cut off',
    one(ZSTD, 300_000, zstdRun(1, 300_000).subarray(0, 18)),
    /ZSTD frame/,
  ),
  undecodable(
    'a ZSTD frame that states less than the extent',
    one(ZSTD, 100, zstdRun(1, 99)),
    /ZSTD frame of 99 bytes, expected 100/,
  ),
  undecodable(
    'a ZSTD frame that states more than it has',
    one(ZSTD, 100, zstdRun(1, 100, 5000)),
    /ZSTD frame/,
  ),
  undecodable(
    'a ZSTD frame that states 2^63 bytes',
    one(ZSTD, 100, zstdRun(1, 100, 2 ** 63)),
    /ZSTD frame of \d+ bytes, expected 100/,
  ),
  undecodable(
    'a ZSTD frame with a dictionary',
    one(ZSTD, 100, damaged(zstdRun(1, 100), 4, 0xe3)),
    /ZSTD frame/,
  ),
  legal('a ZSTD frame without its size', one(ZSTD, 5000, zstdRun(0x7a, 5000, undefined)), 'z'.repeat(5000)),

  legal('an LZ4 bomb that is legal', one(LZ4, USUAL_MOST, lz4Repeated('\0', USUAL_MOST)), zeros(USUAL_MOST)),
  legal('a DEFLATE bomb that is legal', one(DEFLATE, MOST, deflateRawSync(zeros(MOST))), zeros(MOST)),
  legal('a ZSTD bomb that is legal', one(ZSTD, MOST, zstdRun(0, MOST)), zeros(MOST)),
  ...[LZ4, LZMA, DEFLATE, ZSTD].map(
    (algorithm): Row => ({
      name: `a bomb beyond 12 MiB, algorithm ${algorithm}`,
      world: 'coded',
      x: one(algorithm, MOST + 1, zstdRun(0, MOST + 1)),
      shows: { x: { read: 'EOPNOTSUPP' } },
      says: /extent of 12582913 bytes, expected at most 12582912/,
      finds: ['bad-extent'],
    }),
  ),
  // What an extent says bounds what is decoded, not what its stream would give.
  undecodable(
    'DEFLATE that goes on for 64 MiB',
    one(DEFLATE, 4096, deflateRawSync(zeros(64 << 20))),
    /makes more than 12582912/,
  ),
  undecodable(
    'a ZSTD frame that states 64 MiB',
    one(ZSTD, 4096, zstdRun(0, 64 << 20)),
    /ZSTD frame of 67108864 bytes/,
  ),
  undecodable(
    'a ZSTD frame of 64 MiB that does not say so',
    one(ZSTD, 4096, zstdRun(0, 64 << 20, undefined)),
    /ZSTD frame/,
  ),
  legal('LZ4 that goes on', one(LZ4, 4096, lz4Repeated('\0', USUAL_MOST)), zeros(4096)),

  {
    ...legal(
      'pclusters that lie on each other',
      several(22, [
        { start: 0, encoded: padded(lz4Literals('overlapping')), offset: FAR + 0x10000, format: 1 + LZ4 },
        { start: 11, length: 2048, offset: FAR + 0x10000 + 2048, format: 1 + LZ4 },
      ]),
      'overlappingoverlapping',
    ),
    finds: ['pcluster-overlap'],
  },
  legal(
    'one pcluster for three extents',
    several(33, [
      { start: 0, encoded: padded(lz4Literals('three times')), offset: FAR + 0x20000, format: 1 + LZ4 },
      { start: 11, length: 4096, offset: FAR + 0x20000, format: 1 + LZ4 },
      { start: 22, length: 4096, offset: FAR + 0x20000, format: 1 + LZ4 },
    ]),
    'three times'.repeat(3),
  ),
];
