/** Inodes whose fields stand at their borders. */
import t from 'tap';
import { openSources } from '../../src/open.js';
import type { Attr } from '../../src/tree/tree.js';
import { writeImage } from '../support/image-writer.js';
import { attributeImage, epoch } from '../support/image-writer-attributes.js';
import { flat, raw } from '../support/image-writer-body.js';
import { directory, file, symlink } from '../support/image-writer-node.js';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const { tree } = await openSources([writeImage(attributeImage()).bytes.source()], {});
const nodeOf = (name: string): number => tree.lookup(tree.root, encode(name))!;

const expected: Readonly<Record<string, Partial<Attr>>> = {
  'nlink-65536': { nlink: 65_536 },
  'nlink-2^32-1': { nlink: 2 ** 32 - 1 },
  'nlink-0': { nlink: 0 },
  'nlink-compact': { nlink: 65_535 },
  'owner-65536': { uid: 65_536, gid: 65_537 },
  'owner-2^32-2': { uid: 2 ** 32 - 2, gid: 2 ** 32 - 2 },
  'owner-2^32-1': { uid: 2 ** 32 - 1, gid: 2 ** 32 - 1 },
  'owner-compact': { uid: 65_535, gid: 65_534 },
  'time-compact': { mtimeSeconds: epoch + 12_345, mtimeNanoseconds: 987_654_321 },
  'time-compact-late': { mtimeSeconds: epoch + 2 ** 32 - 1, mtimeNanoseconds: 987_654_321 },
  'before-1970': { mtimeSeconds: -1, mtimeNanoseconds: 999_999_999 },
  'long-before-1970': { mtimeSeconds: -62_135_596_800, mtimeNanoseconds: 1 },
  'after-2106': { mtimeSeconds: 2 ** 32 + 1, mtimeNanoseconds: 123_456_789 },
  'year-9999': { mtimeSeconds: 253_402_300_799, mtimeNanoseconds: 999_999_999 },
  'character-4095-1048575': { mode: 0o020644, major: 4095, minor: 1_048_575, size: 0, blocks: 0 },
  'block-259-65536': { mode: 0o060644, major: 259, minor: 65_536 },
  'block-compact': { mode: 0o060644, major: 8, minor: 300 },
  whiteout: { mode: 0o020644, major: 0, minor: 0 },
  fifo: { mode: 0o010644 },
  modes: { mode: 0o107777 },
  'hard-link-1': { nlink: 2 },
  'compact-far': { nlink: 1, size: 4 },
};

for (const [name, fields] of Object.entries(expected)) {
  t.test(name, async (t) => {
    t.match(tree.getattr(nodeOf(name)), fields);
  });
}

t.test('symlink targets up to a whole block', async (t) => {
  for (const length of [1, 4000, 4095]) {
    const target = tree.readlink(nodeOf(`link-${length}`));
    t.equal(Buffer.from(target).toString(), 'x'.repeat(length));
  }
  const root = directory({ block: symlink(flat('y'.repeat(4096))), more: symlink(flat('y'.repeat(4097))) });
  const opened = await openSources([writeImage({ root }).bytes.source()], {});
  const node = (name: string): number => opened.tree.lookup(opened.tree.root, encode(name))!;
  t.equal(Buffer.from(opened.tree.readlink(node('block'))).toString(), 'y'.repeat(4096));
  t.throws(() => opened.tree.readlink(node('more')), {
    code: 'corrupt',
    message: /4097 bytes, expected 1 to/,
  });
});

t.test(
  'a compact inode with a high address has one link; a null address is told in as many bits',
  async (t) => {
    const node = nodeOf('compact-far');
    const bytes = new Uint8Array(4);
    tree.read(node, 0, bytes);
    t.strictSame(bytes, encode('far!'), 'from beyond block 2^32');
    t.equal(tree.seek(nodeOf('hole-compact'), 0, 'data'), undefined, '32 bits of ones');
    t.equal(tree.seek(nodeOf('hole-extended'), 0, 'data'), undefined, '48 bits of ones');
  },
);

t.test('times and sizes that no number here can hold are unsupported, not wrong', async (t) => {
  const root = directory({
    time: file('', { seconds: 2n ** 62n }),
    size: file(raw({ layout: 0, size: 0 }), { patch: (inode) => inode.setBigUint64(8, 2n ** 60n, true) }),
    second: file('', { seconds: 7, nanoseconds: 1_500_000_000 }),
  });
  const opened = await openSources([writeImage({ root }).bytes.source()], {});
  const attr = (name: string): Attr =>
    opened.tree.getattr(opened.tree.lookup(opened.tree.root, encode(name))!);
  t.throws(() => attr('time'), { code: 'unsupported', message: /mtime is beyond/ });
  t.throws(() => attr('size'), { code: 'unsupported', message: /i_size is 0x1000000000000000/ });
  t.match(attr('second'), { mtimeSeconds: 7, mtimeNanoseconds: 999_999_999 });
});
