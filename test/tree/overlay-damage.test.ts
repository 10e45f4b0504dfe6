/** Layers that say what cannot be: errors of the nodes that say it, and never a hang. */
import t from 'tap';
import { METABOX_NID } from '../../src/erofs-reader/bytes.js';
import { openSources } from '../../src/open.js';
import { OverlayIds, shownInode } from '../../src/tree/overlay-node.js';
import { OverlayTree } from '../../src/tree/overlay-tree.js';
import { MemoryTree } from '../fuse/memory-tree.js';
import { overlay } from '../support/composefs.js';
import { writeImage } from '../support/image-writer.js';
import { hole } from '../support/image-writer-body.js';
import { directory, file, type NodeSpec, symlink } from '../support/image-writer-node.js';
import {
  bytes,
  contentOf,
  metacopy,
  namesOf,
  nodeAt,
  openLayer,
  overlayOf,
  redirected,
} from './overlay-images.js';

const lower = () =>
  directory({
    data: file('data'),
    d: directory({ x: file('x') }),
    link: symlink('data'),
    longer: file('longer data'),
  });

t.test('redirects', async (t) => {
  const wrong = [
    '',
    '/',
    'a/b',
    '//d',
    '/d/',
    '/d//x',
    '.',
    '..',
    '/../d',
    '/d/.',
    'a\0b',
    `/${'d/'.repeat(2100)}x`,
  ];
  for (const to of wrong) {
    const tree = await overlayOf(t, [
      lower(),
      directory({ d: directory({}, redirected(to)), other: file('') }),
    ]);
    t.throws(
      () => nodeAt(tree, 'd'),
      { code: 'corrupt', message: /layer 2: inode \d+: .*redirect/ },
      JSON.stringify(to),
    );
    t.same(namesOf(tree, tree.root), ['.', '..', 'd', 'other', 'data', 'link', 'longer']);
    t.equal(contentOf(tree, 'data'), 'data', 'the rest is as ever');
  }
});

t.test('metacopies', async (t) => {
  const wrong: Record<string, NodeSpec> = {
    'no bytes anywhere': metacopy(4),
    'no bytes where it says': metacopy(4, 'nowhere'),
    'no bytes at the path': metacopy(4, '/nothing/here'),
    'a directory': metacopy(4, 'd'),
    'a symlink': metacopy(4, '/link'),
    'bytes of another size': metacopy(4, 'longer'),
    'a path that is none': metacopy(4, 'a/b'),
    'a digest cut off': file(hole(4), { xattrs: [overlay('metacopy', 'abc'), overlay('redirect', 'data')] }),
  };
  for (const [what, node] of Object.entries(wrong)) {
    const tree = await overlayOf(t, [lower(), directory({ file: node, good: metacopy(4, 'data') })]);
    t.throws(() => nodeAt(tree, 'file'), { code: 'corrupt' }, what);
    const listed: number[] = [];
    tree.readdir(
      tree.root,
      0,
      ({ name, node }) => (Buffer.from(name).equals(bytes('file')) && listed.push(node) > 0) || true,
    );
    t.equal(listed.length, 1, `${what}: it is listed`);
    t.throws(() => tree.getattr(listed[0]!), { code: 'corrupt' }, `${what}: by its id, too`);
    t.equal(contentOf(tree, 'good'), 'data');
  }
});

t.test('data-only layers', async (t) => {
  const top = directory({
    none: metacopy(4, '/not/there'),
    other: metacopy(4, '/longer'),
    folder: metacopy(4, '/d'),
  });
  const layers = await Promise.all([top, lower()].map((root) => openLayer(t, root)));
  const tree = new OverlayTree([{ tree: layers[0]!.tree }, { tree: layers[1]!.tree, dataOnly: true }]);
  t.same(namesOf(tree, tree.root), ['.', '..', 'folder', 'none', 'other'], 'they are not seen');
  for (const name of ['none', 'other', 'folder']) {
    const node = nodeAt(tree, name);
    t.match(tree.getattr(node), { size: 4, blocks: 8 }, 'attributes need no data');
    t.throws(
      () => tree.read(node, 0, new Uint8Array(4)),
      { code: 'corrupt', message: /layer 1: inode/ },
      name,
    );
    t.throws(() => tree.seek(node, 0, 'data'), { code: 'corrupt' }, name);
  }
});

t.test('a directory without a way back', async (t) => {
  // 1 -> 2 -> 3, and the way up from 3 leads to 4, which leads to itself over 5
  const names = (entries: Record<string, number>) => ({ entries: new Map(Object.entries(entries)) });
  const layer = (up: Record<string, number>) =>
    new MemoryTree(1, [
      [1, names({ d: 2 })],
      [2, names({ inner: 3, '..': 1 })],
      [3, names(up)],
      [4, names({ '..': 5 })],
      [5, names({ '..': 4 })],
    ]);
  for (const up of [{ '..': 4 }, {}, { '..': 1 }] as Record<string, number>[]) {
    const layers = [layer({ '..': 2 }), layer(up)].map((tree) => ({ tree }));
    const node = nodeAt(new OverlayTree(layers), 'd/inner');
    t.throws(() => new OverlayTree(layers).getattr(node), { code: 'corrupt' }, JSON.stringify(up));
    const problems: Error[] = [];
    const tree = new OverlayTree(layers, { report: (problem) => problems.push(problem) });
    nodeAt(tree, 'd/inner');
    t.ok(namesOf(tree, node).length >= 0, 'known by its name it is listed');
  }
});

t.test('redirects on the way of redirects', async (t) => {
  // in each layer every directory leads over a long path through directories that do the same in the layer below
  const path = `/${Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 'a' : 'b')).join('/')}`;
  const deep = (to: string | undefined): NodeSpec => {
    let node = directory({}, to === undefined ? {} : redirected(to));
    for (let level = 0; level < 200; level++) {
      node = directory({ [level % 2 === 0 ? 'b' : 'a']: node }, to === undefined ? {} : redirected(to));
    }
    return node;
  };
  const roots = Array.from({ length: 12 }, (_, layer) => deep(layer === 0 ? undefined : path));
  // nothing is remembered, which is the worst there is
  const tree = await overlayOf(t, roots, { nodes: { get: () => undefined, set: () => {} } });
  t.throws(() => nodeAt(tree, 'a'), { code: 'corrupt', message: /leads through more than/ });
});

t.test('128 layers of redirects, each on the way of the one above', async (t) => {
  const root = (name: string) =>
    directory({
      a: directory({ x: directory({ [name]: file('') }, redirected('/a/x')) }, redirected('/a/x')),
    });
  const roots = Array.from({ length: 128 }, (_, layer) => root(`own-${layer}`));
  const tree = await overlayOf(t, roots);
  t.ok(namesOf(tree, nodeAt(tree, 'a/x')).includes('own-127'));
});

t.test('node ids', async (t) => {
  for (const layers of [1, 2, 3, 128, 500]) {
    const ids = new OverlayIds(layers);
    const seen = new Set<number>();
    const largest = Math.floor((Number.MAX_SAFE_INTEGER - 2) / layers / 2) - 1;
    for (const node of [
      0,
      1,
      36,
      2 ** 31,
      2 ** 40,
      largest,
      METABOX_NID,
      METABOX_NID + 77,
      METABOX_NID + largest,
    ]) {
      if (node < METABOX_NID && node > largest) continue;
      for (const layer of new Set([0, 1 % layers, layers - 1])) {
        const id = ids.id(layer, node);
        t.ok(Number.isSafeInteger(shownInode(id)) && Number.isSafeInteger(id + 2));
        t.same([ids.layer(id), ids.node(id)], [layer, node], `${node} of layer ${layer} of ${layers}`);
        t.notOk(seen.has(id));
        seen.add(id);
      }
    }
    t.throws(() => ids.id(0, largest + 2), { code: 'unsupported', message: /merge fewer layers/ });
    t.throws(() => ids.id(0, METABOX_NID + largest + 2), { code: 'unsupported' });
  }
});

t.test('inodes in the metabox', async (t) => {
  const root = (name: string) =>
    directory({
      [name]: file(name, { metabox: true }),
      d: directory({ [name]: file('') }, { metabox: true }),
    });
  const images = await Promise.all(
    ['low', 'high'].map((name) =>
      openSources([writeImage({ root: root(name), is48Bit: true }).bytes.source()], {}),
    ),
  );
  const layers = images.map(({ tree }) => ({ tree }));
  const tree = new OverlayTree(layers);
  t.equal(contentOf(tree, 'low'), 'low');
  t.equal(contentOf(tree, 'high'), 'high');
  const d = nodeAt(tree, 'd');
  t.same(namesOf(new OverlayTree(layers), d), ['.', '..', 'high', 'low']);
});
