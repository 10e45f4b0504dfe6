/** Directories that are large, and names that are strange. */
import t from 'tap';
import { S_IFDIR } from '../../src/erofs-reader/layout.js';
import { type OpenedImage, openSources } from '../../src/open.js';
import { writeImage } from '../support/image-writer.js';
import { attributeImage, strangeNames } from '../support/image-writer-attributes.js';
import { flatSparse } from '../support/image-writer-body.js';
import { crowdImage, crowdName, crowdSize } from '../support/image-writer-crowd.js';
import { directory, file } from '../support/image-writer-node.js';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const open = (spec: Parameters<typeof writeImage>[0]): Promise<OpenedImage> =>
  openSources([writeImage(spec).bytes.source()], {});

/** Names in the order of the listing, asked for `step` at a time, each time with the last cookie. */
function list({ tree }: OpenedImage, node: number, step: number): string[] {
  const names: string[] = [];
  for (let cookie = 0, before = -1; names.length !== before; ) {
    before = names.length;
    tree.readdir(node, cookie, (entry) => {
      if (names.length === before + step) return false;
      names.push(latin1(entry.name));
      cookie = entry.cookie;
      return true;
    });
  }
  return names;
}

t.test('100,000 names', async (t) => {
  const opened = await open(crowdImage());
  const { tree } = opened;
  const crowd = tree.lookup(tree.root, encode('crowd'))!;
  const one = tree.lookup(crowd, encode(crowdName(0)))!;
  t.equal(tree.getattr(one).nlink, crowdSize);
  let lost = 0;
  let invented = 0;
  for (let n = 0; n < crowdSize; n += 7) {
    const name = crowdName(n);
    if (tree.lookup(crowd, encode(name)) !== one) lost++;
    for (const absent of [`${name}!`, name.slice(0, -1).padEnd(300, '~').slice(0, 255), `\u0001${name}`]) {
      if (tree.lookup(crowd, encode(absent)) !== undefined) invented++;
    }
  }
  t.equal(lost, 0, 'every name is found');
  t.equal(invented, 0, 'no absent name is found');
  t.equal(tree.lookup(crowd, Uint8Array.of(0)), undefined, 'before the first');
  t.equal(tree.lookup(crowd, Uint8Array.of(255)), undefined, 'behind the last');
  const expected = ['.', '..', ...Array.from({ length: crowdSize }, (_, n) => crowdName(n))].sort();
  t.strictSame(
    list(opened, crowd, 3333),
    expected,
    'resumed every 3333 names, none is missed or given twice',
  );
});

t.test('names that are not UTF-8, and names on both sides of "."', async (t) => {
  const opened = await open(attributeImage());
  const { tree } = opened;
  const sorted = strangeNames.map(latin1).sort();
  for (const [folder, dots] of [
    ['strange', ['.', '..']],
    ['strange-dot-omitted', ['..']],
    ['strange-dot-omitted-compact', ['..']],
  ] as const) {
    const node = tree.lookup(tree.root, encode(folder))!;
    const listed = list(opened, node, 1);
    const stored = [...sorted, ...dots].sort();
    t.strictSame(
      listed,
      dots.length === 1 ? [...stored, '.'] : stored,
      `${folder}: "." comes last if omitted`,
    );
    for (const name of strangeNames) {
      const found = tree.lookup(node, name)!;
      const bytes = new Uint8Array(10);
      t.strictSame(bytes.subarray(0, tree.read(found, 0, bytes)), name, `${folder}: ${latin1(name)}`);
    }
    t.equal(tree.lookup(node, encode('.')), node);
    t.equal(tree.lookup(node, encode('..')), tree.root);
  }
});

t.test('names of 255 bytes that differ in the last one', async (t) => {
  const { tree } = await open(attributeImage());
  const read = (name: string): string | undefined => {
    const node = tree.lookup(tree.root, encode(name));
    if (node === undefined) return undefined;
    const bytes = new Uint8Array(20);
    return latin1(bytes.subarray(0, tree.read(node, 0, bytes)));
  };
  t.equal(read('n'.repeat(255)), 'long');
  t.equal(read(`${'n'.repeat(254)}o`), 'long too');
  t.equal(read('n'.repeat(254)), undefined);
  t.equal(read(`${'n'.repeat(254)}p`), undefined);
});

t.test('names of 255 bytes in blocks of 512: one a block, and one block for "." and ".."', async (t) => {
  const names = Array.from({ length: 9 }, (_, n) => `${n}`.repeat(255));
  const root = directory(names.map((name) => [name, file(name.slice(0, 1))] as const));
  const opened = await open({ blockBits: 9, root });
  t.strictSame(list(opened, opened.tree.root, 2), ['.', '..', ...names]);
  for (const name of names) t.ok(opened.tree.lookup(opened.tree.root, encode(name)), name.slice(0, 3));
});

t.test('names that lead to nids outside the image', async (t) => {
  const root = directory({ far: { toNid: 2n ** 40n }, farther: { toNid: 2n ** 62n }, ok: file('fine') });
  const opened = await open({ root });
  const { tree } = opened;
  t.throws(() => tree.getattr(tree.lookup(tree.root, encode('far'))!), { code: 'corrupt' });
  t.throws(() => tree.lookup(tree.root, encode('farther')), {
    code: 'corrupt',
    message: /outside any image/,
  });
  t.ok(tree.getattr(tree.lookup(tree.root, encode('ok'))!));
  t.strictSame(list(opened, tree.root, 10), ['.', '..', 'far', 'ok'], 'the rest is listed');
});

t.test('a search in more blocks than 32 bits can count', async (t) => {
  const BLOCK = 512;
  // "." and ".." of inode 1, before any name: from block 2^k - 1 a search that counts in 32 bits would go back for ever
  const dots = '\x01\0\0\0\0\0\0\0\x18\0\x02\0\x01\0\0\0\0\0\0\0\x19\0\x02\0...';
  const blocks = Array.from({ length: 32 }, (_, k) => [(2 ** k - 1) * BLOCK, dots.padEnd(BLOCK, '\0')]);
  const body = flatSparse(2 ** 45, 2 ** 20, Object.fromEntries(blocks));
  const huge = { ...file(body, { nlink: 2 }), mode: S_IFDIR | 0o755 };
  const image = writeImage({ is48Bit: true, blockBits: 9, root: directory({ huge }) });
  const { tree } = await openSources([image.bytes.source()], {});
  const node = tree.lookup(tree.root, encode('huge'))!;
  t.throws(() => tree.lookup(node, encode('x')), { code: 'truncated' });
});
