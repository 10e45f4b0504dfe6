/** Superblocks at their borders: extension slots, labels, times, roots of every kind, checksums of every block size. */
import t from 'tap';
import { METABOX_NID } from '../../src/erofs-reader/bytes.js';
import { type OpenedImage, openSources } from '../../src/open.js';
import { type ImageSpec, type WrittenImage, writeImage } from '../support/image-writer.js';
import { type DirectoryFields, directory, file, type NodeSpec } from '../support/image-writer-node.js';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const open = (written: WrittenImage): Promise<OpenedImage> => openSources([written.bytes.source()], {});

const rootWith = (fields: DirectoryFields = {}): NodeSpec =>
  directory({ file: file('content', { metabox: fields.metabox ?? false }) }, fields);

function contentOf({ tree }: OpenedImage): string {
  const bytes = new Uint8Array(20);
  return Buffer.from(
    bytes.subarray(0, tree.read(tree.lookup(tree.root, encode('file'))!, 0, bytes)),
  ).toString();
}

for (const [extensionSlots, metabox] of [
  [0, false],
  [1, false],
  [2, false],
  [1, true],
  [2, true],
  [255, true],
] as const) {
  t.test(
    `${extensionSlots} extension slots, ${metabox ? 'a' : 'no'} metabox, configurations behind them`,
    async (t) => {
      const written = writeImage({
        extensionSlots,
        algorithms: 0b0001,
        blockBits: 13,
        is48Bit: metabox,
        root: rootWith({ metabox, inline: metabox }),
      });
      const opened = await open(written);
      t.equal(opened.image.geometry.extensionSlots, extensionSlots);
      t.equal(opened.image.geometry.metaboxNid !== undefined, metabox);
      t.equal(contentOf(opened), 'content');
    },
  );
}

t.test('METABOX without a slot to name its inode', async (t) => {
  const written = writeImage({
    is48Bit: true,
    extensionSlots: 0,
    root: rootWith({ metabox: true, inline: true }),
  });
  await t.rejects(open(written), { code: 'corrupt', message: /METABOX without a metabox inode/ });
});

t.test('a metabox that is inode 0', async (t) => {
  const root = rootWith({ metabox: true, inline: true });
  const opened = await open(writeImage({ is48Bit: true, metaBlock: 1, metaboxAtNid: 0, root }));
  t.equal(opened.image.geometry.metaboxNid, 0);
  t.equal(contentOf(opened), 'content');
});

t.test('labels of 16 bytes without a NUL, of 15, and none', async (t) => {
  for (const label of ['exactly 16 bytes', 'fifteen bytes..', 'ünïcödé', '']) {
    const { image } = await open(writeImage({ label, root: rootWith() }));
    t.equal(Buffer.from(image.geometry.volumeName).toString(), label);
  }
});

t.test('UUID', async (t) => {
  const uuid = Uint8Array.from({ length: 16 }, (_, i) => 0xf0 + i);
  t.strictSame((await open(writeImage({ uuid, root: rootWith() }))).image.geometry.uuid, uuid);
});

t.test('epoch and build time', async (t) => {
  for (const [epoch, buildTime] of [
    [0, 1_700_000_000],
    [1_700_000_000, 0],
    [2 ** 33, 2 ** 32 - 1],
    [-5, 3],
  ] as const) {
    const written = writeImage({ is48Bit: true, epoch, buildTime, fixedNanoseconds: 7, root: rootWith() });
    const { geometry } = (await open(written)).image;
    t.equal(geometry.epoch, epoch);
    t.equal(geometry.buildTime, epoch + buildTime);
    t.equal(geometry.fixedNanoseconds, 7);
  }
});

const roots: readonly {
  name: string;
  spec: Omit<ImageSpec, 'root'>;
  fields: DirectoryFields;
  nid?: number;
}[] = [
  { name: 'of 2 bytes', spec: {}, fields: {} },
  { name: 'of 2 bytes in a 48BIT image', spec: { is48Bit: true, shortRoot: true }, fields: {} },
  { name: 'of 2 bytes that are all ones', spec: {}, fields: { nid: 0xffff }, nid: 0xffff },
  { name: 'of 2 bytes that are 0', spec: { metaBlock: 1 }, fields: { nid: 0 }, nid: 0 },
  { name: 'of 8 bytes', spec: { is48Bit: true }, fields: { nid: 2 ** 20 }, nid: 2 ** 20 },
  { name: 'of 8 bytes, past 2^32', spec: { is48Bit: true }, fields: { nid: 2 ** 33 }, nid: 2 ** 33 },
  {
    name: 'with bit 63, the first of the metabox',
    spec: { is48Bit: true },
    fields: { metabox: true, inline: true },
    nid: METABOX_NID,
  },
];

for (const { name, spec, fields, nid } of roots) {
  t.test(`a root nid ${name}`, async (t) => {
    const opened = await open(writeImage({ ...spec, root: rootWith(fields) }));
    if (nid !== undefined) t.equal(opened.tree.root, nid);
    t.equal(contentOf(opened), 'content');
    const { tree } = opened;
    t.equal(tree.lookup(tree.root, encode('..')), tree.root, 'which is its own parent');
  });
}

t.test('blocks_hi counts only beside a root of 8 bytes', async (t) => {
  const short = writeImage({ is48Bit: true, shortRoot: true, root: rootWith({ nid: 0x1234 }) });
  t.ok((await open(short)).image.geometry.blocks < 2 ** 20, 'the same field is the root then');
  const wide = writeImage({ is48Bit: true, blocks: 2 ** 33 + 1, root: rootWith() });
  t.equal((await open(wide)).image.geometry.blocks, 2 ** 33 + 1);
});

for (let blockBits = 9; blockBits <= 16; blockBits++) {
  t.test(`the checksum of blocks of ${2 ** blockBits} bytes, and how far it reaches`, async (t) => {
    const length = Math.max(2 ** blockBits - 1024, blockBits === 9 ? 512 : 1024);
    const write = (): WrittenImage => writeImage({ blockBits, label: 'summed', root: rootWith() });
    t.equal(contentOf(await open(write())), 'content');
    const damaged = write();
    const last = damaged.bytes.slice(1024 + length - 1, 1);
    damaged.bytes.write(1024 + length - 1, Uint8Array.of(last[0]! ^ 1));
    await t.rejects(
      open(damaged),
      { code: 'corrupt', message: /superblock checksum is/ },
      'the last byte counts',
    );
    const behind = write();
    behind.bytes.write(1024 + length, Uint8Array.of(behind.bytes.slice(1024 + length, 1)[0]! ^ 1));
    t.ok(
      await open(behind).then(Boolean, ({ message }) => !/checksum/.test(message)),
      'the next one does not',
    );
  });
}
