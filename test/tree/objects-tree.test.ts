/** What a mount with object stores shows; the same facts are compared with Linux's overlayfs in test/mount. */
import t from 'tap';
import { type OpenedImage, openSources } from '../../src/open.js';
import { type ExternalFile, type ObjectReader, ObjectsTree } from '../../src/tree/objects-tree.js';
import type { OverlayNamespace } from '../../src/tree/overlay-xattr.js';
import type { NodeId } from '../../src/tree/tree.js';
import { composefsRoot, type Namespace, ObjectSet, overlay } from '../support/composefs.js';
import { writeImage } from '../support/image-writer.js';
import { hole } from '../support/image-writer-body.js';
import { device, directory, file, type NodeSpec } from '../support/image-writer-node.js';
import { XattrIndex, xattr } from '../support/image-writer-xattr.js';
import { RemoteSource } from '../support/memory-source.js';
import { Random } from '../support/random.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (name: Uint8Array) => Buffer.from(name).toString();
const pathOf = ({ path }: ExternalFile) => path.map(text).join('/');

/** Objects in memory. */
class MemoryObjects implements ObjectReader {
  readonly #set: ObjectSet;
  readonly reads: string[] = [];

  constructor(set: ObjectSet) {
    this.#set = set;
  }

  read(external: ExternalFile, offset: number, dst: Uint8Array): void {
    this.reads.push(`${offset}+${dst.length}`);
    const data = this.#set.data.get(pathOf(external))!;
    dst.set(data.subarray(offset, offset + dst.length));
  }
}

interface Opened {
  readonly image: OpenedImage;
  readonly tree: ObjectsTree;
  readonly objects: MemoryObjects;
  node(path: string): NodeId;
}

async function open(root: NodeSpec, set = new ObjectSet(), namespace?: OverlayNamespace): Promise<Opened> {
  const image = await openSources([writeImage({ root }).bytes.source()], {});
  const objects = new MemoryObjects(set);
  const tree = new ObjectsTree(image.tree, objects, { namespace, files: new Map() });
  const node = (path: string): NodeId => {
    let at = tree.root;
    for (const part of path.split('/')) {
      const found = tree.lookup(at, bytes(part));
      if (found === undefined) throw new Error(`the tree has no ${path}`);
      at = found;
    }
    return at;
  };
  return { image, tree, objects, node };
}

function namesOf(tree: ObjectsTree, node: NodeId, from = 0, limit = Number.POSITIVE_INFINITY): string[] {
  const names: string[] = [];
  tree.readdir(node, from, ({ name }) => names.length < limit && names.push(text(name)) > 0);
  return names;
}

const data = new Random(1).bytes(10_000);

t.test('the bytes are the object, everything else is the image', async (t) => {
  const set = new ObjectSet();
  const root = composefsRoot({ far: set.file(data, { uid: 7, permissions: 0o4711 }), near: file('inline') });
  const { tree, image, objects, node } = await open(root, set);
  const far = node('far');
  t.same(tree.getattr(far), image.tree.getattr(far));
  t.match(tree.getattr(far), { size: data.length, uid: 7, mode: 0o104711 });
  for (const [offset, length] of [
    [0, 10_000],
    [1, 4096],
    [9_999, 100],
    [10_000, 100],
    [20_000, 1],
  ] as const) {
    const dst = new Uint8Array(length);
    const count = tree.read(far, offset, dst);
    t.same(dst.subarray(0, count), data.subarray(offset, offset + length), `${length} bytes from ${offset}`);
  }
  t.same(objects.reads, ['0+10000', '1+4096', '9999+1'], 'nothing beyond the end is asked for');
  const near = new Uint8Array(6);
  t.equal(tree.read(node('near'), 0, near), 6);
  t.equal(text(near), 'inline');
  t.throws(() => tree.read(tree.root, 0, near), { code: 'is-directory' });
  t.same(tree.statfs(), image.tree.statfs());
});

t.test('an object has no holes, though its inode is nothing but one', async (t) => {
  const set = new ObjectSet();
  const { tree, image, node } = await open(
    composefsRoot({ far: set.file(data), hole: file(hole(9000)) }),
    set,
  );
  const far = node('far');
  t.equal(image.tree.seek(far, 0, 'data'), undefined);
  t.equal(tree.seek(far, 77, 'data'), 77);
  t.equal(tree.seek(far, 77, 'hole'), data.length);
  t.equal(tree.seek(far, data.length, 'data'), undefined);
  t.equal(tree.seek(far, data.length, 'hole'), undefined);
  t.equal(tree.seek(node('hole'), 77, 'hole'), 77);
});

t.test('only metacopy sends a reader elsewhere', async (t) => {
  const { tree, node } = await open(
    directory({
      redirected: file('own bytes', { xattrs: [overlay('redirect', '/ab/cd')] }),
      renamed: directory(
        { a: file('a') },
        { xattrs: [overlay('redirect', '/other'), overlay('metacopy', '')] },
      ),
    }),
  );
  const dst = new Uint8Array(9);
  t.equal(tree.read(node('redirected'), 0, dst), 9);
  t.equal(text(dst), 'own bytes');
  t.same(namesOf(tree, node('renamed')), ['.', '..', 'a']);
});

t.test('what cannot be followed is an error of the file, not of its directory', async (t) => {
  const broken = (...xattrs: [string, string][]) =>
    file(hole(100), { xattrs: xattrs.map(([name, value]) => overlay(name, value)) });
  const { tree, node } = await open(
    directory({
      nowhere: broken(['metacopy', '']),
      upwards: broken(['metacopy', ''], ['redirect', '/../etc/passwd']),
      relative: broken(['metacopy', ''], ['redirect', 'ab/cd']),
      damaged: broken(['metacopy', 'abcd'], ['redirect', '/ab/cd']),
    }),
  );
  const names = namesOf(tree, tree.root);
  t.same(names, ['.', '..', 'damaged', 'nowhere', 'relative', 'upwards']);
  for (const name of names.slice(2)) {
    t.equal(tree.getattr(node(name)).size, 100);
    t.throws(() => tree.read(node(name), 0, new Uint8Array(10)), { code: 'corrupt', nid: node(name) }, name);
    t.throws(() => tree.seek(node(name), 0, 'data'), { code: 'corrupt' }, name);
  }
});

t.test('attributes of overlayfs are hidden, escaped ones are shown', async (t) => {
  const set = new ObjectSet();
  const xattrs = [
    overlay('overlay.opaque', 'mine'),
    overlay('whiteout', 'ordinary', 'user'),
    xattr(XattrIndex.user, 'colour', 'blue'),
  ];
  const { tree, node } = await open(composefsRoot({ far: set.file(data, { xattrs }) }), set);
  const far = node('far');
  t.same(tree.listxattr(far).map(text), ['trusted.overlay.opaque', 'user.overlay.whiteout', 'user.colour']);
  t.same(tree.listxattr(tree.root), []);
  const value = (name: string) => {
    const found = tree.getxattr(far, bytes(name));
    return found && text(found);
  };
  t.equal(value('trusted.overlay.opaque'), 'mine');
  t.equal(value('user.overlay.whiteout'), 'ordinary');
  t.equal(value('user.colour'), 'blue');
  for (const name of ['metacopy', 'redirect', 'overlay.opaque']) {
    t.equal(value(`trusted.overlay.${name}`), undefined, name);
  }
});

t.test('whiteouts are neither listed nor found', async (t) => {
  const root = composefsRoot({
    sub: directory({
      gone: device('character', 0, 0),
      null: device('character', 1, 3),
      block: device('block', 0, 0),
      marked: file('', { xattrs: [overlay('whiteout', '')] }),
      full: file('not empty', { xattrs: [overlay('whiteout', '')] }),
      escaped: file('', { xattrs: [overlay('overlay.whiteout', ''), overlay('whiteout', '', 'user')] }),
    }),
  });
  const { tree, node } = await open(root);
  t.same(namesOf(tree, tree.root), ['.', '..', 'sub']);
  for (const name of ['00', '7f', 'ff']) t.equal(tree.lookup(tree.root, bytes(name)), undefined, name);
  const shown = ['.', '..', 'block', 'escaped', 'full', 'null'];
  t.same(namesOf(tree, node('sub')), shown);
  for (const name of ['gone', 'marked']) t.equal(tree.lookup(node('sub'), bytes(name)), undefined, name);
  const oneByOne: string[] = [];
  let cookie = 0;
  for (const _ of shown) {
    tree.readdir(node('sub'), cookie, (entry) => {
      oneByOne.push(text(entry.name));
      cookie = entry.cookie;
      return false;
    });
  }
  t.same(oneByOne, shown, 'one call an entry');
});

t.test('a listing goes on from any cookie', async (t) => {
  const { tree } = await open(composefsRoot({ '0': file('a'), '5x': file('b'), z: file('c') }));
  const entries: [string, number][] = [];
  tree.readdir(tree.root, 0, ({ name, cookie }) => entries.push([text(name), cookie]) > 0);
  t.same(
    entries.map(([name]) => name),
    ['.', '..', '0', '5x', 'z'],
  );
  for (const [index, [, cookie]] of entries.entries()) {
    t.same(
      namesOf(tree, tree.root, cookie),
      entries.slice(index + 1).map(([name]) => name),
    );
  }
});

t.test('an inode that cannot be decoded costs nobody the listing', async (t) => {
  const { tree, node } = await open(
    directory({
      good: file('good'),
      wrong: { ...device('character', 0, 0), patch: (inode) => inode.setUint16(0, 0xffff, true) },
    }),
  );
  t.same(namesOf(tree, tree.root), ['.', '..', 'good', 'wrong']);
  t.ok(node('good'));
  t.throws(() => node('wrong'), { name: 'ErofsError' });
});

t.test("whose attributes count is said by the root's, or by the caller", async (t) => {
  const set = new ObjectSet();
  const files = {
    trusted: set.file(data, { namespace: 'trusted' }),
    user: set.file(data, { namespace: 'user' }),
  };
  const own = new Uint8Array(data.length);
  const external = async (mark: Namespace | undefined, given?: OverlayNamespace) => {
    const xattrs = mark === undefined ? [] : [overlay('opaque', 'y', mark)];
    const { tree, node } = await open(directory(files, { xattrs }), set, given);
    return Object.keys(files).filter((name) => {
      const dst = new Uint8Array(data.length);
      t.equal(tree.read(node(name), 0, dst), data.length);
      const isObject = Buffer.compare(dst, data) === 0;
      t.ok(isObject || Buffer.compare(dst, own) === 0);
      t.equal(
        tree.listxattr(node(name)).length,
        isObject ? 0 : 2,
        'what does not count is an ordinary attribute',
      );
      return isObject;
    });
  };
  t.same(await external('trusted'), ['trusted']);
  t.same(await external('user'), ['user']);
  t.same(await external(undefined), ['trusted', 'user']);
  t.same(await external('trusted', 'user'), ['user']);
  t.same(await external(undefined, 'trusted'), ['trusted']);
});

t.test('an image that has to be fetched', async (t) => {
  const set = new ObjectSet();
  const { bytes: sparse } = writeImage({ root: composefsRoot({ far: set.file(data) }) });
  const whole = new Uint8Array(sparse.size);
  sparse.read(whole, 0);
  const image = await openSources([new RemoteSource(whole)], {});
  const objects = new MemoryObjects(set);
  const tree = await image.run(() => new ObjectsTree(image.tree, objects, { files: new Map() }));
  t.same(await image.run(() => namesOf(tree, tree.root)), ['.', '..', 'far']);
  const far = (await image.run(() => tree.lookup(tree.root, bytes('far'))))!;
  const dst = new Uint8Array(data.length);
  t.equal(await image.run(() => tree.read(far, 0, dst)), data.length);
  t.same(dst, data);
});
