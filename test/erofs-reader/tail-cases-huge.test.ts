/** Files over 4 GiB and 2^40 bytes, addresses of 48 bits, 2^32 blocks: read at their starts, ends and borders. */
import t from 'tap';
import { openSources } from '../../src/open.js';
import { writeImage } from '../support/image-writer.js';
import { type HugeFile, hugeFiles, hugeImage } from '../support/image-writer-huge.js';

const written = writeImage(hugeImage());
const { tree, image } = await openSources([written.bytes.source()], {});

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function read(node: number, offset: number, length: number): string {
  const bytes = new Uint8Array(length).fill(0xa5);
  return Buffer.from(bytes.subarray(0, tree.read(node, offset, bytes))).toString('latin1');
}

function seekMap(node: number): [number, number][] {
  const found: [number, number][] = [];
  for (let end = 0; ; ) {
    const start = tree.seek(node, end, 'data');
    if (start === undefined) return found;
    end = tree.seek(node, start, 'hole')!;
    found.push([start, end]);
  }
}

t.test('the image has more than 2^32 blocks', async (t) => {
  t.equal(tree.statfs().blocks, 2 ** 32 + 2 ** 23);
  t.equal(image.geometry.blocks * 512, written.bytes.size);
});

for (const [name, { size, marks, data }] of Object.entries<HugeFile>(hugeFiles)) {
  t.test(name, async (t) => {
    const node = tree.lookup(tree.root, encode(name))!;
    t.equal(tree.getattr(node).size, size);
    for (const [at, text] of Object.entries(marks)) {
      t.equal(read(node, Number(at), text.length), text, `at ${at}`);
    }
    for (const [at, text] of Object.entries(marks)) {
      const from = Number(at) - 5;
      if (from > 0) t.equal(read(node, from, text.length), `\0\0\0\0\0${text}`.slice(0, text.length));
    }
    t.equal(read(node, size - 1, 10).length, 1, 'one byte is left at the end');
    t.equal(read(node, size, 10), '');
    t.equal(read(node, size + 2 ** 32, 10), '', 'nothing far behind the end');
    t.strictSame(seekMap(node), data, 'SEEK_DATA and SEEK_HOLE');
    t.equal(tree.seek(node, size, 'hole'), undefined);
    t.equal(tree.seek(node, size - 1, 'hole') === size - 1, data.at(-1)?.[1] !== size, 'its last byte');
  });
}

t.test('an inode that lies 2^37 bytes into the image', async (t) => {
  const node = tree.lookup(tree.root, encode('far-inode'))!;
  t.equal(node, 2 ** 32 + 5);
  t.equal(tree.getattr(node).ino, 2 ** 32 + 5);
});

t.test(
  'what the superblock calls short is refused, and read up to its end where that is asked for',
  async (t) => {
    const cut = { ...written.bytes.source(), size: 2 ** 41 };
    await t.rejects(openSources([cut], {}), {
      code: 'truncated',
      message: /2199023255552 bytes, its superblock says 2203318222848/,
    });
    const opened = await openSources([cut], { allowTruncated: true });
    const node = opened.tree.lookup(opened.tree.root, encode('indexes-48bit'))!;
    t.throws(() => opened.tree.read(node, 0, new Uint8Array(8)), { code: 'truncated' });
  },
);
