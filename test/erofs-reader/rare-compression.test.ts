/** Compressed data that the format allows and no mkfs writes, or only with other data around it. */
import { deflateRawSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { Algorithm, Layout, Lcluster, Z_ADVISE } from '../../src/erofs-reader/layout.js';
import { type OpenedImage, openSources } from '../../src/open.js';
import { writeImage } from '../support/image-writer.js';
import { type Body, raw } from '../support/image-writer-body.js';
import { indexed } from '../support/image-writer-index.js';
import { directory, file, symlink } from '../support/image-writer-node.js';
import { MemorySource } from '../support/memory-source.js';
import { Random } from '../support/random.js';
import { lz4Repeated, padded, repeated } from '../support/small-streams.js';

const BLOCK = 4096;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A head of the full index; `at` is the byte of the file where its extent starts. */
interface Head {
  readonly type: number;
  readonly at: number;
  readonly block: number;
}

/** COMPRESSED_FULL with one pcluster of one block a head, and a head in every lcluster. */
const fullIndex = (size: number, algorithms: number, heads: readonly Head[]): Body =>
  indexed({
    size,
    algorithms,
    entries: heads.map(({ type, at, block }, n) => ({ type, clusterofs: at - n * BLOCK, block })),
  });

/** A file reads as `expected`, whole and in random ranges. */
function checkFile(t: Test, { tree }: OpenedImage, name: string, expected: Uint8Array): void {
  const node = tree.lookup(tree.root, encode(name))!;
  t.equal(tree.getattr(node).size, expected.length);
  const random = new Random(expected.length);
  for (let i = 0; i < 200; i++) {
    const offset = i === 0 ? 0 : random.below(expected.length);
    const dst = Buffer.alloc(i === 0 ? expected.length : 1 + random.below(9000), 0xa5);
    const filled = tree.read(node, offset, dst);
    if (!dst.subarray(0, filled).equals(expected.subarray(offset, offset + dst.length))) {
      t.fail(`${name}: ${dst.length} bytes from ${offset} on`);
    }
  }
}

const first = repeated('LZ4 first. ', 5000);
const second = repeated('DEFLATE second. ', 6000);
const third = repeated('plain third. ', 3000);

t.test('a second algorithm in one file (HEAD2)', async (t) => {
  const size = first.length + second.length + third.length;
  const heads = [
    { type: Lcluster.HEAD1, at: 0, block: 100 },
    { type: Lcluster.HEAD2, at: first.length, block: 102 },
    { type: Lcluster.PLAIN, at: first.length + second.length, block: 101 },
    { type: Lcluster.PLAIN, at: size, block: 0 },
  ];
  const { bytes } = writeImage({
    algorithms: (1 << Algorithm.LZ4) | (1 << Algorithm.DEFLATE),
    root: directory({ both: file(fullIndex(size, Algorithm.LZ4 | (Algorithm.DEFLATE << 4), heads)) }),
    data: [
      { offset: 100 * BLOCK, bytes: padded(lz4Repeated('LZ4 first. ', first.length)) },
      { offset: 101 * BLOCK, bytes: encode(third) },
      { offset: 102 * BLOCK, bytes: padded(deflateRawSync(second)) },
    ],
  });
  const opened = await openSources([bytes.source()], {});
  checkFile(t, opened, 'both', encode(first + second + third));
});

t.test('a compressed symlink', async (t) => {
  const target = repeated('directory/', 3000);
  const { bytes } = writeImage({
    algorithms: 1 << Algorithm.LZ4,
    root: directory({
      link: symlink(fullIndex(target.length, Algorithm.LZ4, [{ type: Lcluster.HEAD1, at: 0, block: 100 }])),
    }),
    data: [{ offset: 100 * BLOCK, bytes: padded(lz4Repeated('directory/', target.length)) }],
  });
  const { tree } = await openSources([bytes.source()], {});
  const link = tree.lookup(tree.root, encode('link'))!;
  t.equal(Buffer.from(tree.readlink(link)).toString(), target);
});

t.test('a pcluster that lies on another device by its address', async (t) => {
  const { bytes } = writeImage({
    algorithms: 1 << Algorithm.LZ4,
    devices: [{ blocks: 8, uniaddr: 1000 }],
    root: directory({
      far: file(
        fullIndex(first.length, Algorithm.LZ4, [
          { type: Lcluster.HEAD1, at: 0, block: 1003 },
          { type: Lcluster.PLAIN, at: first.length, block: 0 },
        ]),
      ),
    }),
  });
  const device = new Uint8Array(8 * BLOCK);
  device.set(padded(lz4Repeated('LZ4 first. ', first.length)), 3 * BLOCK);
  const opened = await openSources([bytes.source(), new MemorySource(device)], {});
  checkFile(t, opened, 'far', encode(first));
});

t.test('encoded extents with records of 8 bytes, in logical clusters of 16 KiB', async (t) => {
  const lcluster = 4 * BLOCK;
  const start = repeated('LZ4 start. ', lcluster);
  const end = new Random(8).bytes(5000);
  const records = [
    { length: BLOCK, format: 1 + Algorithm.LZ4, address: 100 * BLOCK },
    { length: 0, format: 0, address: 0 },
    { length: end.length, format: 0, address: 200 * BLOCK + 77 },
  ];
  const view = new DataView(new ArrayBuffer(8 + 8 * records.length));
  view.setUint16(4, Z_ADVISE.EXTENTS | (1 << 1), true);
  view.setUint8(7, Math.log2(lcluster / BLOCK));
  for (const [n, { length, format, address }] of records.entries()) {
    view.setUint32(8 + 8 * n, (format * 2 ** 28 + length) >>> 0, true);
    view.setUint32(8 + 8 * n + 4, address, true);
  }
  const size = 2 * lcluster + end.length;
  const attached = new Uint8Array(view.buffer);
  const { bytes } = writeImage({
    is48Bit: true,
    algorithms: 1 << Algorithm.LZ4,
    root: directory({
      clusters: file(raw({ layout: Layout.COMPRESSED_FULL, size, address: 3, attached, unit: 8 })),
    }),
    data: [
      { offset: 100 * BLOCK, bytes: padded(lz4Repeated('LZ4 start. ', lcluster)) },
      { offset: 200 * BLOCK + 77, bytes: end },
    ],
  });
  const opened = await openSources([bytes.source()], {});
  checkFile(t, opened, 'clusters', Buffer.concat([encode(start), Buffer.alloc(lcluster), end]));
  const node = opened.tree.lookup(opened.tree.root, encode('clusters'))!;
  t.equal(opened.tree.seek(node, 0, 'hole'), lcluster, 'the hole');
  t.equal(opened.tree.seek(node, lcluster, 'data'), 2 * lcluster, 'its end');
});
