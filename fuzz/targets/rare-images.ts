/** Small images with what no mkfs writes, or only among much else. */
import { deflateRawSync } from 'node:zlib';
import { Algorithm, Layout, Lcluster } from '../../src/erofs-reader/layout.js';
import type { ImageSpec } from '../../test/support/image-writer.js';
import { chunked, encoded, flat, hole, raw } from '../../test/support/image-writer-body.js';
import { directory, file, symlink } from '../../test/support/image-writer-node.js';

const BLOCK = 4096;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** LZ4 without a match; 14 bytes at most. */
const literals = (text: string): Uint8Array => Uint8Array.of(text.length << 4, ...encode(text));

/** The full index of two lclusters: LZ4 in one, DEFLATE in the other, as HEAD1 and HEAD2. */
function twoAlgorithms(first: number, second: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(16 + 8 * 2));
  view.setUint8(6, Algorithm.LZ4 | (Algorithm.DEFLATE << 4));
  view.setUint16(16, Lcluster.HEAD1, true);
  view.setUint32(20, first, true);
  view.setUint16(24, Lcluster.HEAD2, true);
  view.setUint16(26, 100, true);
  view.setUint32(28, second, true);
  return new Uint8Array(view.buffer);
}

/** Records of either size, holes between them. */
const extents = (recordSize: 16 | 32) =>
  encoded({
    size: 9000,
    recordSize,
    extents: [
      { start: 5, encoded: encode('plain') },
      { start: 10 },
      { start: 6000, encoded: literals('coded'), format: 1 },
      { start: 6005 },
      { start: 8996, encoded: encode('tail') },
    ],
  });

const inMetabox = { metabox: true } as const;

export const rareImages: Readonly<Record<string, () => ImageSpec>> = {
  'encoded-extents': () => ({
    is48Bit: true,
    algorithms: 1 << Algorithm.LZ4,
    root: directory({
      'extents-16': file(extents(16)),
      'extents-32': file(extents(32)),
      hole: file(hole(2 ** 50 + 1)),
      chunks: file(
        chunked({
          size: 3 * BLOCK,
          bits: 0,
          indexes: true,
          wide: true,
          chunks: [{ bytes: 'a' }, undefined, { bytes: 'b' }],
        }),
      ),
      link: symlink('chunks'),
    }),
  }),
  'two-algorithms': () => ({
    algorithms: (1 << Algorithm.LZ4) | (1 << Algorithm.DEFLATE),
    root: directory({
      both: file(
        raw({
          layout: Layout.COMPRESSED_FULL,
          size: 4300,
          address: 2,
          attached: twoAlgorithms(40, 41),
          unit: 8,
        }),
      ),
    }),
    data: [
      { offset: 40 * BLOCK, bytes: padded(encodeRun(BLOCK + 100)) },
      { offset: 41 * BLOCK, bytes: padded(deflateRawSync(Buffer.alloc(104, 'deflated '))) },
    ],
  }),
  'stored-metabox': () => ({
    is48Bit: true,
    algorithms: 1 << Algorithm.LZ4,
    root: directory(
      {
        'extents-16': file(extents(16), inMetabox),
        text: file(flat('text in a block'), inMetabox),
        chunks: file(chunked({ size: BLOCK, bits: 0, chunks: [{ bytes: 'chunk' }] }), inMetabox),
        sub: directory({ link: symlink('../text', inMetabox) }, inMetabox),
      },
      inMetabox,
    ),
  }),
};

/** One byte over and over, as an LZ4 block. */
function encodeRun(size: number): Uint8Array {
  const last = 5;
  const extra = size - 1 - last - 4 - 15;
  const more = Array<number>(Math.floor(extra / 255)).fill(255);
  return Uint8Array.of(0x1f, 0x61, 1, 0, ...more, extra % 255, last << 4, ...encode('aaaaa'));
}

function padded(data: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK);
  block.set(data, BLOCK - data.length);
  return block;
}
