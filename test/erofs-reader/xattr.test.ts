/** Xattrs: every namespace in every place, and what the name filter spares. */
import t, { type Test } from 'tap';
import { ErofsImage } from '../../src/erofs-reader/image.js';
import { getXattr, listXattrs } from '../../src/erofs-reader/xattr.js';
import { type OpenedImage, openSources } from '../../src/open.js';
import { type WrittenImage, writeImage } from '../support/image-writer.js';
import { directory, file, type NodeSpec } from '../support/image-writer-node.js';
import { CountingView } from '../support/image-writer-sparse.js';
import { padding, prefixed, XattrIndex, type XattrSpec, xattr } from '../support/image-writer-xattr.js';
import { acl, hidden, prefixPlaces, shown, xattrImage } from '../support/image-writer-xattrs.js';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString();

const latin1 = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString('latin1');

const open = (written: WrittenImage): Promise<OpenedImage> => openSources([written.bytes.source()], {});

for (const place of prefixPlaces) {
  for (const nameFilter of [true, false]) {
    t.test(`prefixes in ${place}, ${nameFilter ? 'with' : 'without'} the name filter`, async (t) => {
      const { tree } = await open(writeImage(xattrImage(place, nameFilter)));
      const nodeOf = (name: string): number => tree.lookup(tree.root, encode(name))!;
      const names = (name: string): (string | undefined)[] => tree.listxattr(nodeOf(name)).map(text);
      const everything = nodeOf('everything');
      t.strictSame(
        names('everything'),
        shown.map(([name]) => name),
        'the order of the disk, inline ones first',
      );
      for (const [name, value] of shown) {
        const expected = typeof value === 'string' ? encode(value) : value;
        // as text: a comparison of 64 KiB byte by byte takes the test library a second
        t.equal(latin1(tree.getxattr(everything, encode(name))), latin1(expected), name.slice(0, 40));
      }
      for (const name of hidden) t.equal(tree.getxattr(everything, encode(name)), undefined, name);
      t.strictSame(names('shared-alone'), ['user.long.infix.shared', 'user.shared']);
      t.equal(text(tree.getxattr(nodeOf('shared-alone'), encode('user.shared'))), 'by two');
      t.equal(text(tree.getxattr(nodeOf('shared-outside'), encode('user.shared'))), 'by two');
      t.strictSame(names('folder'), ['system.posix_acl_default', 'user.shared']);
      t.strictSame(tree.getxattr(nodeOf('folder'), encode('system.posix_acl_default')), acl);
      t.strictSame(names('none'), []);
      t.equal(tree.getxattr(nodeOf('none'), encode('user.a')), undefined);
    });
  }
}

/** One file of an image, and what reading its xattrs looks at. */
function counted(
  xattrs: readonly XattrSpec[],
  filterReserved = 0,
): {
  readonly asked: CountingView['asked'];
  readonly written: WrittenImage;
  readonly node: NodeSpec;
  get(name: string): Uint8Array | undefined;
} {
  const node = file('content', { xattrs });
  const written = writeImage({ nameFilter: true, filterReserved, root: directory({ file: node }) });
  const view = new CountingView(written.bytes);
  const image = new ErofsImage(view);
  const inode = image.inode(written.nid(node));
  return {
    asked: view.asked,
    written,
    node,
    get: (name) => {
      view.asked.length = 0;
      return getXattr(image, inode, encode(name));
    },
  };
}

const large = [
  xattr(XattrIndex.user, 'big', 'v'.repeat(9000)),
  xattr(XattrIndex.user, 'behind', 'inline'),
  xattr(XattrIndex.user, 'shared', 'elsewhere', true),
];

/** Names whose filter bit no attribute of `large` shares. */
const absent = ['security.capability', 'system.posix_acl_access', 'trusted.overlay.opaque', 'user.absent'];

t.test('an absent name costs the filter word and nothing else', async (t) => {
  const { asked, written, node, get } = counted(large);
  const filter = { device: 0, offset: written.offset(node) + 64, length: 4 };
  for (const name of absent) {
    t.equal(get(name), undefined);
    t.strictSame(asked, [filter], `${name}: neither the body nor the shared area`);
  }
});

t.test('a present name is found behind the filter, a shared one in its area', async (t) => {
  const { asked, written, get } = counted(large);
  const touchesShared = (): boolean => asked.some(({ offset }) => offset >= written.sharedOffset);
  t.equal(text(get('user.behind')), 'inline');
  t.notOk(touchesShared(), 'an inline name never leads to the shared area');
  t.equal(text(get('user.shared')), 'elsewhere');
  t.ok(touchesShared());
});

t.test('a filter that is reserved is not believed, and what it denies is found', async (t) => {
  const node = file('content', { xattrs: large, nameFilter: 0xffff_ffff });
  const read = (filterReserved: number): string | undefined => {
    const written = writeImage({ nameFilter: true, filterReserved, root: directory({ file: node }) });
    const image = new ErofsImage(new CountingView(written.bytes));
    return text(getXattr(image, image.inode(written.nid(node)), encode('user.behind')));
  };
  t.equal(read(0), undefined, 'believed');
  t.equal(read(1), 'inline', 'not believed');
  const { asked, get } = counted(large, 1);
  t.equal(get(absent[0]!), undefined);
  t.ok(asked.length > 1, 'all are looked at');
});

t.test('an inode without xattrs costs nothing', async (t) => {
  const { asked, get } = counted([]);
  t.equal(get('user.a'), undefined);
  t.strictSame(asked, []);
});

t.test('entries across block borders, wherever the border falls', async (t) => {
  for (let size = 3900; size < 3980; size += 4) {
    const xattrs = [
      ...padding(8),
      xattr(XattrIndex.user, 'filler', 'f'.repeat(size)),
      xattr(XattrIndex.user, 'across', 'the border'),
      xattr(XattrIndex.user, 'shared-filler', 's'.repeat(size + 60), true),
      xattr(XattrIndex.user, 'shared-across', 'its border', true),
    ];
    const { get } = counted(xattrs);
    check(t, get, { 'user.across': 'the border', 'user.shared-across': 'its border' }, size);
  }
});

function check(
  t: Test,
  get: (name: string) => Uint8Array | undefined,
  expected: Readonly<Record<string, string>>,
  size: number,
): void {
  for (const [name, value] of Object.entries(expected)) {
    if (text(get(name)) !== value) t.fail(`${name} behind ${size} bytes: ${text(get(name))}`);
  }
  t.equal(get('user.filler')?.length, size);
}

t.test('a long prefix that the image does not have hides its attribute alone', async (t) => {
  const node = file('', { xattrs: [prefixed(5, 'x', ''), xattr(XattrIndex.user, 'a', '1')] });
  const { image } = await open(writeImage({ root: directory({ node }) }));
  const inode = image.inode(image.geometry.rootNid);
  t.strictSame(listXattrs(image, inode), []);
  const { tree } = await open(writeImage({ root: directory({ node }) }));
  const found = tree.lookup(tree.root, encode('node'))!;
  t.strictSame(tree.listxattr(found).map(text), ['user.a']);
  t.equal(text(tree.getxattr(found, encode('user.a'))), '1');
});

t.test('a shared id beyond the image is corrupt', async (t) => {
  const one = xattr(XattrIndex.user, 'a', '1', true);
  const node = file('', { xattrs: [one] });
  const written = writeImage({ checksum: false, root: directory({ node }) });
  const id = new Uint8Array(4).fill(0xff);
  written.bytes.write(written.offset(node) + 64 + 12, id);
  const { tree } = await open(written);
  const found = tree.lookup(tree.root, encode('node'))!;
  t.throws(() => tree.listxattr(found), { code: 'corrupt' });
});
