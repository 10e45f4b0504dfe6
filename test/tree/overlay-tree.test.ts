/** Merged layers as a tree: ids, listings, damage. What they show is compared with overlayfs in overlay-matrix.test.ts. */
import t from 'tap';
import { ObjectsTree } from '../../src/tree/objects-tree.js';
import { OverlayTree } from '../../src/tree/overlay-tree.js';
import { FileType } from '../../src/tree/tree.js';
import { overlay } from '../support/composefs.js';
import { device, directory, file, symlink } from '../support/image-writer-node.js';
import { Random } from '../support/random.js';
import {
  bytes,
  contentOf,
  metacopy,
  namesOf,
  nodeAt,
  openLayer,
  overlayOf,
  redirected,
  text,
  whiteout,
} from './overlay-images.js';

t.test('the last layer wins', async (t) => {
  const tree = await overlayOf(t, [
    directory({ a: file('low'), b: file('low'), d: directory({ x: file('low'), y: file('low') }) }),
    directory({ a: file('high'), c: symlink('a'), d: directory({ y: file('high'), z: file('high') }) }),
  ]);
  t.equal(contentOf(tree, 'a'), 'high');
  t.equal(contentOf(tree, 'b'), 'low');
  t.equal(text(tree.readlink(nodeAt(tree, 'c'))), 'a');
  t.same(namesOf(tree, nodeAt(tree, 'd')), ['.', '..', 'y', 'z', 'x'], 'upper names first, each once');
  t.equal(contentOf(tree, 'd/y'), 'high');
  t.equal(tree.lookup(tree.root, bytes('nothing')), undefined);
  t.throws(() => tree.lookup(nodeAt(tree, 'a'), bytes('x')), { code: 'not-directory' });
  t.throws(() => tree.readdir(nodeAt(tree, 'a'), 0, () => true), { code: 'not-directory' });
  t.throws(() => tree.read(tree.root, 0, new Uint8Array(1)), { code: 'is-directory' });
  t.throws(() => tree.seek(tree.root, 0, 'data'), { code: 'is-directory' });
  t.throws(() => tree.readlink(nodeAt(tree, 'a')), { code: 'not-symlink' });
});

t.test('where a node comes from', async (t) => {
  const layers = [directory({ low: file('1'), d: directory({}) }), directory({ d: directory({}) })];
  const images = await Promise.all(layers.map((root) => openLayer(t, root)));
  const tree = new OverlayTree(images.map(({ tree }) => ({ tree })));
  const own = (layer: number, name: string) =>
    images[layer]!.tree.lookup(images[layer]!.tree.root, bytes(name));
  t.same(tree.origin(nodeAt(tree, 'low')), { layer: 0, node: own(0, 'low') });
  t.same(tree.origin(nodeAt(tree, 'd')), { layer: 1, node: own(1, 'd') });
  t.same(tree.origin(tree.root), { layer: 1, node: images[1]!.tree.root });
});

t.test('inode numbers', async (t) => {
  const linked = file('linked');
  const same = directory({ one: linked, two: linked, other: file('x'), d: directory({ z: file('z') }) });
  const tree = await overlayOf(t, [same, same, directory({ other: whiteout(), d: directory({}) }), same]);
  const inos = new Set<number>();
  const visit = (node: number): void => {
    tree.readdir(node, 0, (entry) => {
      t.equal(entry.ino, tree.getattr(entry.node).ino, `${text(entry.name)}: as stat says it`);
      if (text(entry.name).startsWith('.')) return true;
      inos.add(entry.ino);
      if (entry.type === FileType.directory) visit(entry.node);
      return true;
    });
  };
  visit(tree.root);
  t.equal(inos.size, 4, 'one for both names of the linked file');
  t.notOk(inos.has(0));
});

t.test('"." and ".."', async (t) => {
  const tree = await overlayOf(t, [
    directory({ a: directory({ b: directory({ c: directory({}) }) }) }),
    directory({ a: directory({ other: file('') }) }),
    directory({ a: directory({ b: directory({}) }) }),
  ]);
  const nodes = ['a', 'a/b', 'a/b/c'].map((path) => nodeAt(tree, path));
  const above = [tree.root, ...nodes];
  for (const [depth, node] of nodes.entries()) {
    t.equal(tree.lookup(node, bytes('.')), node);
    t.equal(tree.lookup(node, bytes('..')), above[depth], 'the merged directory, not that of a layer');
    tree.readdir(node, 0, (entry) => {
      if (text(entry.name) === '.') t.equal(entry.node, node);
      if (text(entry.name) === '..') t.equal(entry.node, above[depth]);
      return true;
    });
  }
  t.equal(tree.lookup(tree.root, bytes('..')), tree.root);
});

t.test('".." where an upper layer renamed the directory above', async (t) => {
  const tree = await overlayOf(t, [
    directory({ old: directory({ inner: directory({ x: file('x') }) }) }),
    directory({ old: whiteout(), new: directory({}, redirected('old')) }),
  ]);
  const inner = nodeAt(tree, 'new/inner');
  const above = tree.lookup(inner, bytes('..'))!;
  t.equal(tree.lookup(above, bytes('inner')), inner);
});

t.test('a listing goes on from any cookie', async (t) => {
  const names = (first: number) =>
    Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`name-${first + i}`, file('')]));
  const layers = [names(0), names(200), { ...names(100), 'name-7': whiteout() }, names(450)].map((entries) =>
    directory({ d: directory(entries) }),
  );
  const images = await Promise.all(layers.map((root) => openLayer(t, root)));
  const another = () => new OverlayTree(images.map(({ tree }) => ({ tree })));
  const tree = another();
  const d = nodeAt(tree, 'd');
  const entries: [string, number][] = [];
  tree.readdir(d, 0, ({ name, cookie }) => entries.push([text(name), cookie]) > 0);
  const all = entries.map(([name]) => name);
  const expected = ['.', '..', ...Array.from({ length: 750 }, (_, i) => `name-${i}`)].filter(
    (n) => n !== 'name-7',
  );
  t.same([...all].sort(), expected.sort(), 'each name once');
  for (const [index, [, cookie]] of entries.entries()) {
    if (index % 37 !== 0 && index < entries.length - 3) continue;
    t.same(namesOf(tree, d, cookie), all.slice(index + 1), `from entry ${index}`);
  }
  const oneByOne: string[] = [];
  let cookie = 0;
  for (const _ of all) {
    let seen = 0;
    another().readdir(d, cookie, (entry) => {
      if (seen++ > 0) return false;
      oneByOne.push(text(entry.name));
      cookie = entry.cookie;
      return true;
    });
  }
  t.same(oneByOne, all, 'one call an entry, each in a thread of its own');
});

t.test('100,000 names in 20 layers, listed by several at a time', async (t) => {
  const random = new Random(3);
  const content = file('');
  const gone = whiteout();
  const expected = new Map<string, boolean>();
  const layers = Array.from({ length: 20 }, () => {
    const names = new Map<string, typeof content>();
    for (let i = 0; i < 6000; i++)
      names.set(`entry-${random.below(120_000)}`, random.below(10) === 0 ? gone : content);
    for (const [name, node] of names) expected.set(name, node === content);
    return directory([...names].map(([name, node]) => [name, node] as const));
  });
  const images = await Promise.all(layers.map((root) => openLayer(t, root)));
  const trees = [0, 1, 2].map(() => new OverlayTree(images.map(({ tree }) => ({ tree }))));
  const shown = [...expected].filter(([, isShown]) => isShown).map(([name]) => name);
  t.ok(shown.length > 60_000);
  const listed: string[] = [];
  let cookie = 0;
  for (let call = 0, more = true; more; call++) {
    let room = 100 + random.below(900);
    more = false;
    trees[call % 3]!.readdir(trees[0]!.root, cookie, (entry) => {
      more = room-- === 0;
      if (more) return false;
      listed.push(text(entry.name));
      cookie = entry.cookie;
      return true;
    });
  }
  t.equal(new Set(listed).size, listed.length, 'no duplicate');
  t.equal(listed.length, shown.length + 2);
  const names = new Set(listed);
  t.same(
    shown.filter((name) => !names.has(name)),
    [],
    'no gap',
  );
});

t.test('statfs is that of the uppermost layer', async (t) => {
  const roots = [directory({ a: file('x'.repeat(100_000)) }), directory({})];
  const images = await Promise.all(roots.map((root) => openLayer(t, root)));
  const tree = new OverlayTree(images.map(({ tree }) => ({ tree })));
  t.same(tree.statfs(), images[1]!.tree.statfs());
});

t.test('whose attributes count', async (t) => {
  const lower = directory({ d: directory({ below: file('') }), e: directory({ below: file('') }) });
  const upper = directory({
    d: directory({}, { xattrs: [overlay('opaque', 'y', 'user')] }),
    e: directory({}, { xattrs: [overlay('opaque', 'y', 'trusted')] }),
  });
  const hidden = async (namespaces?: readonly ('trusted' | 'user')[]) => {
    const tree = await overlayOf(t, [lower, upper], namespaces && { namespaces });
    return ['d', 'e'].filter((name) => !namesOf(tree, nodeAt(tree, name)).includes('below'));
  };
  t.same(await hidden(), ['d', 'e']);
  t.same(await hidden(['trusted']), ['e']);
  t.same(await hidden(['user']), ['d']);
});

t.test('a layer may have its bytes in objects, or be merged itself', async (t) => {
  const data = bytes('object');
  const composefs = directory({
    external: metacopy(6, '/ab/cd'),
    gone: whiteout(),
    escaped: file('', { xattrs: [overlay('overlay.whiteout', '')] }),
  });
  const objects = new ObjectsTree(
    (await openLayer(t, composefs)).tree,
    { read: (_, offset, dst) => dst.set(data.subarray(offset, offset + dst.length)) },
    { namespace: 'trusted', files: new Map() },
  );
  const below = {
    tree: (await openLayer(t, directory({ gone: file('below'), escaped: file('below') }))).tree,
  };
  const inner = new OverlayTree([below, { tree: objects }]);
  const top = { tree: (await openLayer(t, directory({ top: file('top') }))).tree };
  const tree = new OverlayTree([{ tree: inner }, top]);
  t.equal(contentOf(tree, 'external'), 'object');
  t.equal(contentOf(tree, 'gone'), 'below', 'its whiteouts are its own');
  t.equal(tree.lookup(tree.root, bytes('escaped')), undefined, 'but those that were escaped');
  t.same(namesOf(tree, tree.root), ['.', '..', 'top', 'external', 'gone']);
});

t.test('one bad inode costs nobody the listing', async (t) => {
  const problems: Error[] = [];
  const wrong = {
    ...device('character', 0, 0),
    patch: (inode: DataView) => inode.setUint16(0, 0xffff, true),
  };
  const tree = await overlayOf(t, [directory({ a: file('') }), directory({ good: file(''), wrong })], {
    report: (problem) => problems.push(problem),
  });
  t.same(namesOf(tree, tree.root), ['.', '..', 'good', 'wrong', 'a']);
  t.match(problems, [{ name: 'ErofsError' }]);
  t.throws(() => nodeAt(tree, 'wrong'), { name: 'ErofsError' });
});

t.test('a single layer hides its own whiteouts', async (t) => {
  const marked = file('', { xattrs: [overlay('whiteout', '')] });
  const tree = await overlayOf(t, [directory({ gone: whiteout(), marked, a: file('a') })]);
  t.same(namesOf(tree, tree.root), ['.', '..', 'a']);
  for (const name of ['gone', 'marked']) t.equal(tree.lookup(tree.root, bytes(name)), undefined);
});
