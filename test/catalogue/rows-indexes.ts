/** Compressed files whose map header or index is wrong; no pcluster is ever decoded. */
import { Algorithm, Layout, Lcluster, Z_ADVISE } from '../../src/erofs-reader/layout.js';
import { type EncodedExtent, encoded, raw } from '../support/image-writer-body.js';
import { type IndexedSpec, indexed } from '../support/image-writer-index.js';
import { file, type NodeSpec } from '../support/image-writer-node.js';
import { lz4Repeated, padded, repeated } from '../support/small-streams.js';
import { shown } from './answers.js';
import type { ErrnoName, Row } from './row.js';

const BLOCK = 4096;
const { HEAD1, HEAD2, NONHEAD, PLAIN } = Lcluster;
/** A place that the writer itself does not reach. */
const FAR = 0x40_0000;
const LZ4_FORMAT = 1 + Algorithm.LZ4;

/** 8000 bytes in one block. */
const text = repeated('row. ', 8000);
const pcluster = padded(lz4Repeated('row. ', 8000));

const fullIndex = (spec: Omit<IndexedSpec, 'size'> & { readonly size?: number }): NodeSpec =>
  file(indexed({ size: text.length, ...spec }));

/** COMPRESSED_COMPACT: a map header with this advise, algorithms and cluster bits, then an index of one byte over and over. */
function compactIndex(fill: number, size: number, header: readonly number[] = []): NodeSpec {
  const attached = new Uint8Array(256).fill(fill);
  attached.set([0, 0, 0, 0, 0, 0, 0, 0]);
  attached.set(header);
  return file(raw({ layout: Layout.COMPRESSED_COMPACT, size, address: 1, attached, unit: 8 }));
}

const extents = (size: number, ...list: readonly EncodedExtent[]): NodeSpec =>
  file(encoded({ size, recordSize: 16, extents: list }));

/** One extent, what stands behind the inode edited: the map header at its start, `record` the byte of the extent's record. */
function extentEdited(edit: (view: DataView, record: number) => void): NodeSpec {
  const body = encoded({
    size: 100,
    recordSize: 16,
    extents: [{ start: 0, length: BLOCK, format: LZ4_FORMAT }],
  });
  return file({
    ...body,
    attached: (placement) => {
      const bytes = body.attached(placement);
      edit(new DataView(bytes.buffer), bytes.length - 16);
      return bytes;
    },
  });
}

/** A row of a file that cannot be read. Where only a read from the middle fails, as `erofs extract` makes none, it says so. */
const unreadable = (
  name: string,
  x: NodeSpec,
  errno: ErrnoName,
  says: RegExp,
  differently: Partial<Row> = {},
): Row => ({
  name,
  world: 'coded',
  x,
  shows: { x: { read: errno } },
  says,
  finds: ['bad-extent'],
  ...differently,
});

export const indexRows: readonly Row[] = [
  {
    name: 'an index as it should be',
    world: 'coded',
    x: fullIndex({
      entries: [
        { type: HEAD1, encoded: pcluster },
        { type: NONHEAD, delta0: 1 },
      ],
    }),
    shows: { x: { read: shown(text) } },
    finds: [],
  },
  unreadable(
    'an unknown algorithm',
    fullIndex({
      algorithms: 15,
      entries: [
        { type: HEAD1, encoded: pcluster },
        { type: NONHEAD, delta0: 1 },
      ],
    }),
    'EOPNOTSUPP',
    /unknown algorithm 15/,
  ),
  {
    ...unreadable(
      'an algorithm that the image does not declare',
      fullIndex({
        entries: [
          { type: HEAD1, encoded: pcluster },
          { type: NONHEAD, delta0: 1 },
        ],
      }),
      'EUCLEAN',
      /algorithm LZ4, which the superblock does not declare/,
    ),
    world: 'plain',
  },
  unreadable(
    'a NONHEAD at the start',
    fullIndex({
      entries: [
        { type: NONHEAD, delta0: 1 },
        { type: HEAD1, encoded: pcluster },
      ],
    }),
    'EUCLEAN',
    /lcluster 0: delta0 1/,
  ),
  unreadable(
    'delta0 0',
    fullIndex({
      entries: [
        { type: HEAD1, encoded: pcluster },
        { type: NONHEAD, delta0: 0 },
      ],
    }),
    'EUCLEAN',
    /lcluster 1: delta0 0/,
    { notExtracted: [] },
  ),
  unreadable(
    'a chain of NONHEADs without an end',
    fullIndex({
      size: 200 * BLOCK,
      entries: Array.from({ length: 200 }, () => ({ type: NONHEAD, delta0: 1, delta1: 1 })),
    }),
    'EUCLEAN',
    /lcluster 0: delta0 1/,
  ),
  unreadable(
    'delta0 further back than the file',
    fullIndex({
      entries: [
        { type: HEAD1, encoded: pcluster },
        { type: NONHEAD, delta0: 0x7ff },
      ],
    }),
    'EUCLEAN',
    /lcluster 1: delta0 2047/,
    { notExtracted: [] },
  ),
  // Reads that begin at byte 0 never see it; one that begins at the third block must not be given bytes of the first.
  unreadable(
    'delta0 over the head of another extent',
    fullIndex({
      size: BLOCK + text.length,
      entries: [
        { type: HEAD1, encoded: pcluster },
        { type: HEAD1, encoded: pcluster },
        { type: NONHEAD, delta0: 2 },
      ],
    }),
    'EUCLEAN',
    /the extent ends at 4096, and byte 8192 says that it is its own/,
    { notExtracted: [] },
  ),
  unreadable(
    'a clusterofs beyond the lcluster',
    fullIndex({
      entries: [
        { type: HEAD1, clusterofs: 33_024, encoded: pcluster },
        { type: NONHEAD, delta0: 1 },
      ],
    }),
    'EUCLEAN',
    /clusterofs 33024/,
  ),
  unreadable(
    'a first extent behind byte 0',
    fullIndex({
      entries: [
        { type: HEAD1, clusterofs: 5, encoded: pcluster },
        { type: NONHEAD, delta0: 1 },
      ],
    }),
    'EUCLEAN',
    /the first extent does not start at byte 0/,
  ),
  unreadable(
    'a plain extent that is longer than its pcluster',
    fullIndex({
      entries: [
        { type: PLAIN, block: 1 },
        { type: NONHEAD, delta0: 1 },
      ],
    }),
    'EUCLEAN',
    /plain extent of 8000 bytes in a pcluster of 4096/,
  ),
  unreadable(
    'a pcluster beyond the image',
    fullIndex({
      entries: [
        { type: HEAD1, block: 0xffff_fffe },
        { type: NONHEAD, delta0: 1 },
      ],
    }),
    'EIO',
    /ends at byte/,
  ),
  unreadable(
    'a pcluster of 2047 blocks',
    fullIndex({
      advise: Z_ADVISE.BIG_PCLUSTER_1,
      entries: [
        { type: HEAD1, block: 1 },
        { type: NONHEAD, delta0: 0x800 | 2047 },
      ],
    }),
    'EUCLEAN',
    /pcluster of 2047 blocks/,
  ),
  unreadable(
    'a pcluster of 0 blocks',
    fullIndex({
      advise: Z_ADVISE.BIG_PCLUSTER_1,
      entries: [
        { type: HEAD1, block: 1 },
        { type: NONHEAD, delta0: 0x800 },
      ],
    }),
    'EUCLEAN',
    /pcluster of 0 blocks/,
  ),
  // A pcluster has as many bytes as its lcluster here: 128 MiB of room, were they made before they are looked at.
  unreadable(
    'logical clusters of 128 MiB',
    fullIndex({ lclusterBits: 15, entries: [{ type: HEAD1, block: 0 }] }),
    'EOPNOTSUPP',
    /pcluster of 134217728 bytes/,
  ),
  unreadable(
    'an inline pcluster that crosses a block',
    fullIndex({
      advise: Z_ADVISE.INLINE_PCLUSTER,
      fragmentOffset: 0xffff_0000,
      entries: [{ type: HEAD1 }, { type: NONHEAD, delta0: 1 }],
    }),
    'EUCLEAN',
    /inline pcluster at 0x[0-9a-f]+ crosses a block/,
  ),
  unreadable(
    'an extent of more than 12 MiB',
    fullIndex({
      size: 13 << 20,
      entries: Array.from({ length: (13 << 20) / BLOCK }, (_, n) =>
        n === 0 ? { type: HEAD1, block: 1 } : { type: NONHEAD, delta0: Math.min(n, 2047) },
      ),
    }),
    'EOPNOTSUPP',
    /extent of \d+ bytes, expected at most 12582912/,
  ),
  unreadable(
    'a second algorithm that nobody knows',
    fullIndex({
      algorithms: Algorithm.LZ4 | (9 << 4),
      entries: [
        { type: HEAD2, encoded: pcluster },
        { type: NONHEAD, delta0: 1 },
      ],
    }),
    'EOPNOTSUPP',
    /unknown algorithm 9/,
  ),
  unreadable(
    'an index beyond the image',
    // its first 64 entries are plain blocks
    file(raw({ layout: Layout.COMPRESSED_FULL, size: 2 ** 45, attached: new Uint8Array(528), unit: 8 })),
    'EUCLEAN',
    /lies beyond the image/,
    { finds: ['oversized-index'] },
  ),
  unreadable('a compact index of ones', compactIndex(0xff, 8000), 'EIO', /ends at byte/),
  unreadable(
    'a compact index of NONHEADs',
    compactIndex(0xaa, 8000),
    'EUCLEAN',
    /block count in an index without big pclusters/,
  ),
  unreadable(
    'a compact index with clusters of 128 MiB',
    compactIndex(0, 8000, [0, 0, 0, 0, 0, 0, 0, 15]),
    'EOPNOTSUPP',
    /compact index with lclusters of 134217728 bytes/,
  ),

  // Encoded extents of 48-bit images.
  unreadable(
    '2^47 - 1 encoded extents',
    extentEdited((view) => {
      view.setUint32(0, 0xffff_ffff, true);
      view.setUint16(6, 0x7fff, true);
    }),
    'EUCLEAN',
    /extents in 100 bytes/,
    { finds: ['oversized-index'] },
  ),
  unreadable(
    'an address that wraps around',
    extentEdited((view, record) => view.setBigUint64(record + 4, 0xffffffff_ffdcffedn, true)),
    'EUCLEAN',
    /pcluster at 0xffffffffffdcffed/,
  ),
  unreadable(
    'an address of 2^52',
    extentEdited((view, record) => view.setBigUint64(record + 4, 1n << 52n, true)),
    'EIO',
    /ends at byte/,
  ),
  unreadable(
    'an extent that starts behind the file',
    extents(
      100,
      { start: 0, length: BLOCK, format: LZ4_FORMAT },
      { start: 5000, length: BLOCK, format: LZ4_FORMAT },
    ),
    'EUCLEAN',
    /extent 0 ends at 5000/,
  ),
  unreadable(
    'extents in descending order',
    extents(
      100,
      { start: 0, length: 100, offset: FAR },
      { start: 60, length: 100, offset: FAR },
      { start: 30, length: 100, offset: FAR },
    ),
    'EUCLEAN',
    /extent 2 starts at 30, the one before it at 60/,
  ),
  unreadable(
    'an encoded extent of an unknown algorithm',
    extents(100, { start: 0, length: BLOCK, format: 15 }),
    'EOPNOTSUPP',
    /unknown algorithm 14/,
  ),
  unreadable(
    'a plain encoded extent that is too short',
    extents(100, { start: 0, length: 99 }),
    'EUCLEAN',
    /plain extent 0: 100 bytes in 99/,
  ),
  unreadable(
    'an encoded pcluster of 2 MiB - 1',
    extents(100, { start: 0, length: 0x1fffff, format: LZ4_FORMAT }),
    'EOPNOTSUPP',
    /pcluster of 2097151 bytes/,
  ),
  {
    // The bits above the length say that it is shared, and there is no length: a hole, as in Linux.
    name: 'an encoded extent with flags alone',
    world: 'coded',
    x: extents(5, { start: 0, length: 0, partial: true }),
    shows: { x: { read: '\0'.repeat(5) } },
    finds: [],
  },
  {
    // Interlaced asks for whole blocks; of others the bytes stand in their order.
    name: 'a plain extent at byte 1 of a block',
    world: 'coded',
    x: file(
      encoded({
        size: 6,
        recordSize: 16,
        extents: [{ start: 0, encoded: Buffer.from('plain!'), offset: 0x400001 + 0x1000 }],
      }),
    ),
    shows: { x: { read: 'plain!' } },
    finds: [],
  },
];
