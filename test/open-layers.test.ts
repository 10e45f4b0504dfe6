/** Several images opened as one: what they share, what is said of each, and what happens where one fails. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import type { OpenedImage } from '../src/open.js';
import { openImage } from '../src/open.js';
import { specToOpenAgain } from '../src/open-again.js';
import { LayerTree } from '../src/tree/layer-tree.js';
import { ObjectSet } from './support/composefs.js';
import { directory, file } from './support/image-writer-node.js';
import { saveLayers, shownOfThree, threeLayers } from './support/merged-layers.js';
import { proven } from './support/proven-image.js';
import { Scratch } from './support/scratch.js';

const scratch = new Scratch(t);
const [low, middle, top] = saveLayers(scratch.folder('self', 'layers'), threeLayers) as [
  string,
  string,
  string,
];
const spec = { image: low, upperLayers: [{ image: middle }, { image: top }] };
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const descriptors = (): number => readdirSync('/proc/self/fd').length;

async function read(opened: OpenedImage, path: string): Promise<Buffer> {
  const { tree } = opened;
  return opened.run(() => {
    let node = tree.root;
    for (const name of path.split('/')) node = tree.lookup(node, encode(name))!;
    const bytes = new Uint8Array(tree.getattr(node).size);
    tree.read(node, 0, bytes);
    return Buffer.from(bytes);
  });
}

t.test('what is seen, and what is told of it', async (t) => {
  const before = descriptors();
  const opened = await openImage(spec);
  for (const [path, data] of Object.entries(shownOfThree)) {
    t.ok((await read(opened, path)).equals(Buffer.from(data)), path);
  }
  t.same(
    opened.layers.map(({ name }) => name),
    [low, middle, top],
  );
  t.same(
    opened.proofs.map(({ blob }) => blob),
    [low, middle, top],
  );
  const changed = opened.tree.lookup(opened.tree.root, encode('changed'))!;
  const { layer, node } = opened.origin(changed);
  t.equal(layer.name, middle);
  t.equal(layer.image.inode(node).size, 6);
  opened.close();
  t.equal(descriptors(), before, 'all are closed');
});

t.test('one image has one layer, itself', async (t) => {
  const opened = await openImage({ image: low });
  t.equal(opened.layers.length, 1);
  t.equal(opened.layers[0]!.image, opened.image);
  t.same(opened.origin(7), { layer: opened.layers[0], node: 7 });
  opened.close();
});

t.test('where one cannot be opened, none stays open, and it is named', async (t) => {
  const before = descriptors();
  const foreign = scratch.file('foreign.erofs', Buffer.alloc(8192));
  await t.rejects(openImage({ image: low, upperLayers: [{ image: foreign }, { image: top }] }), {
    code: 'not-erofs',
    message: `${foreign}: not an EROFS image`,
  });
  await t.rejects(openImage({ image: low, upperLayers: [{ image: '/no/such' }] }), { code: 'ENOENT' });
  t.equal(descriptors(), before);
});

t.test('damage is told with the name of its layer', async (t) => {
  const bytes = readFileSync(middle);
  const image = scratch.file('damaged.erofs');
  writeFileSync(image, bytes);
  const opened = await openImage({ image, upperLayers: [{ image: top }] });
  const place = opened.layers[0]!;
  const changed = place.tree.lookup(place.tree.root, encode('changed'))!;
  opened.close();
  const { metaOffset } = place.image.geometry;
  bytes.writeUInt16LE(0o644, metaOffset + changed * 32 + 4); // i_mode without a file type
  bytes.writeUInt32LE(bytes.readUInt32LE(1024 + 8) & ~1, 1024 + 8); // no checksum
  writeFileSync(image, bytes);
  const damaged = await openImage({ image, upperLayers: [{ image: top }] });
  await t.rejects(async () => read(damaged, 'changed'), {
    code: 'corrupt',
    message: new RegExp(`^${image}: `),
  });
  t.equal((await read(damaged, 'merged/both')).toString(), 'top', 'the rest is there');
  damaged.close();
});

t.test('what a layer throws that is not of its bytes keeps its own words', async (t) => {
  const opened = await openImage({ image: low });
  const named = new LayerTree(opened.tree, low);
  t.throws(() => named.readlink(named.root), { code: 'not-symlink', message: /^inode \d+ is no symlink$/ });
  const stop = new Error('enough');
  t.throws(
    () =>
      named.readdir(named.root, 0, () => {
        throw stop;
      }),
    stop,
  );
  opened.close();
});

t.test(
  'layers for data alone are not seen, and have the bytes of others, the first before the second',
  async (t) => {
    const objects = new ObjectSet();
    const root = directory({
      outside: objects.file(encode('bytes of an object'.repeat(9))),
      inside: file('own'),
    });
    const [[path, bytes] = ['', new Uint8Array(0)]] = objects.data;
    const [folder, name] = path.split('/') as [string, string];
    const store = (data: Uint8Array) =>
      directory({ [folder]: directory({ [name]: file(data) }), unseen: file('') });
    const [image, first, second] = saveLayers(scratch.folder('self', 'data'), [
      root,
      store(bytes),
      store(bytes.map((byte) => byte ^ 1)),
    ]) as [string, string, string];
    const opened = await openImage({ image, dataLayers: [{ image: first }, { image: second }] });
    const names: string[] = [];
    opened.tree.readdir(opened.tree.root, 0, (entry) => names.push(Buffer.from(entry.name).toString()) > 0);
    t.same(names.sort(), ['.', '..', 'inside', 'outside']);
    t.ok((await read(opened, 'outside')).equals(bytes));
    t.equal(opened.origin(opened.tree.root).layer.name, image);
    t.same(
      opened.layers.map((layer) => layer.name),
      [first, second, image],
    );
    opened.close();
  },
);

t.test('each layer under its own root hash, and so again in another thread', async (t) => {
  const folder = dirname(scratch.file('x'));
  const made = [low, middle].map((path, number) => {
    const { bytes, root } = proven(readFileSync(path));
    const image = join(folder, `proven-${number}.erofs`);
    writeFileSync(image, bytes);
    return { image, proof: { blobs: [{ root }] } };
  });
  const wanted = { ...made[0]!, upperLayers: [made[1]!, { image: top }] };
  const opened = await openImage(wanted);
  t.match(opened.proofs, [{ trust: 'pinned' }, { trust: 'pinned' }, { trust: 'none' }]);
  t.same(specToOpenAgain(wanted, opened), wanted);
  opened.close();
  const flipped = readFileSync(made[1]!.image);
  flipped[5000]! ^= 1;
  writeFileSync(made[1]!.image, flipped);
  await t.rejects(
    (async () => {
      const damaged = await openImage(wanted);
      t.teardown(() => damaged.close());
      for (const path of Object.keys(shownOfThree)) await read(damaged, path);
    })(),
    { code: 'integrity', message: new RegExp(made[1]!.image) },
  );
});

t.test('500 layers share the memory of one image', async (t) => {
  const bytes = 'x'.repeat(100_000);
  const roots = Array.from({ length: 500 }, (_, number) =>
    directory({ [`own-${number}`]: file(`${number}${bytes}`.slice(0, 3000)), all: file(`${number}`) }),
  );
  const layers = saveLayers(scratch.folder('self', 'many'), roots);
  const [image, ...upper] = layers;
  const opened = await openImage({ image: image!, upperLayers: upper.map((path) => ({ image: path })) });
  for (const number of [0, 1, 250, 499]) {
    t.equal((await read(opened, `own-${number}`)).length, 3000);
  }
  t.equal((await read(opened, 'all')).toString(), '499');
  opened.close();
});
