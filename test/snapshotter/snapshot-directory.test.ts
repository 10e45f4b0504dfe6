/** Directories as containerd's EROFS snapshotter leaves them, of which images are found. */
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readSnapshot } from '../../src/snapshotter/snapshot-directory.js';
import { writeImage } from '../support/image-writer.js';
import { directory, file } from '../support/image-writer-node.js';
import { images } from '../support/paths.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);

/** ROOT/snapshots, and how a snapshot in it is made of files; a value that is no fixture is content. */
function snapshots() {
  const root = scratch.folder('self', 'snapshots');
  const make = (id: string, files: Readonly<Record<string, string | Uint8Array>>): string => {
    const folder = join(root, id);
    mkdirSync(folder);
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      if (typeof content === 'string') cpSync(join(images, `${content}.erofs`), path);
      else writeFileSync(path, content);
    }
    return folder;
  };
  return { root, make };
}

const nothing = new Uint8Array(0);
const uuid = new Uint8Array(16).fill(0x5a);

/** A layer whose bytes are told apart by what is in it, not by its UUID. */
function layer(content: string): Uint8Array {
  return writeImage({ uuid, root: directory({ [content]: file(content) }) }).bytes.toBytes();
}

t.test('a layer, and merged metadata with the layers that they speak of', async (t) => {
  const { make } = snapshots();
  const first = make('7', { 'layer.erofs': 'layer1' });
  const second = make('12', { 'layer.erofs': 'layer2', 'fsmeta.erofs': 'merged', '.erofslayer': nothing });
  make('13', { 'layer.erofs': 'plain' });
  make('14', { 'layer.erofs': nothing });
  t.same(await readSnapshot(first, true), { image: join(first, 'layer.erofs'), devices: [] });
  t.same(await readSnapshot(second, true), {
    image: join(second, 'fsmeta.erofs'),
    devices: [join(first, 'layer.erofs'), join(second, 'layer.erofs')],
  });
  t.same(
    await readSnapshot(second, false),
    { image: join(second, 'layer.erofs'), devices: [] },
    'above others',
  );
});

t.test('one that lies in two snapshots is one; a link counts as what it leads to', async (t) => {
  const { make } = snapshots();
  const [one, link] = [make('1', { 'layer.erofs': 'layer1' }), make('2', {})];
  symlinkSync(join(one, 'layer.erofs'), join(link, 'layer.erofs'));
  const top = make('3', { 'layer.erofs': 'layer2', 'fsmeta.erofs': 'merged' });
  t.equal((await readSnapshot(top, true)).devices[0], join(one, 'layer.erofs'));
});

t.test('metadata that are being made count for nothing', async (t) => {
  const { make } = snapshots();
  const folder = make('1', { 'layer.erofs': 'plain', 'fsmeta.erofs': nothing });
  t.equal((await readSnapshot(folder, true)).image, join(folder, 'layer.erofs'));
});

t.test('what cannot be shown is refused by what it is', async (t) => {
  const { make, root } = snapshots();
  const written = make('1', { 'rwlayer.img': nothing });
  const unpacked = make('2', {});
  mkdirSync(join(unpacked, 'fs'));
  const bare = make('3', {});
  const alone = make('4', { 'fsmeta.erofs': 'merged', 'layer.erofs': 'layer2' });
  const refusals: [string, string, RegExp][] = [
    [written, 'no-layer', /rwlayer\.img is ext4/],
    [unpacked, 'no-layer', /a directory of files \(fs\).*overlayfs/],
    [bare, 'not-a-snapshot', /expected an image, or a snapshot/],
    [alone, 'missing-layer', /device 1 \(tag 1{8}2{4}3{4}4{4}5{12}, 158 blocks\).*--device/],
  ];
  for (const [folder, code, message] of refusals) {
    await t.rejects(readSnapshot(folder, true), { code, message }, folder.slice(root.length));
  }
});

t.test('two layers with one UUID that differ are not told apart by chance', async (t) => {
  const { make } = snapshots();
  const tag = Buffer.from(uuid).toString('hex');
  const blocks = layer('one').length / 4096;
  make('1', { 'layer.erofs': layer('one') });
  make('2', { 'layer.erofs': layer('two') });
  const merged = writeImage({ devices: [{ tag, blocks }], root: directory() }).bytes.toBytes();
  const top = make('3', { 'fsmeta.erofs': merged });
  const other = writeImage({ devices: [{ tag: tag.replace('5a', '5b'), blocks }], root: directory() });
  const without = make('4', { 'fsmeta.erofs': other.bytes.toBytes() });
  await t.rejects(readSnapshot(without, true), { code: 'missing-layer', message: /no snapshot beside it/ });
  await t.rejects(readSnapshot(top, true), {
    code: 'missing-layer',
    message: /may be .*1\/layer\.erofs or .*2\/layer/,
  });
});
