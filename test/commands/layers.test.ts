/** Commands that are given several images: what is seen of all of them, and facts of each. */
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { differences, parseListing, readManifest } from '../support/manifest.js';
import { layerWords, saveLayers, shownOfThree, threeLayers } from '../support/merged-layers.js';
import { images } from '../support/paths.js';
import { proven } from '../support/proven-image.js';
import { erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const layers = saveLayers(scratch.folder('self', 'layers'), threeLayers);
const { image, words } = layerWords(layers);

t.test('ls, cat and extract show what is merged', async (t) => {
  const listed = await erofs(['ls', '-R', '--json', ...words, image]);
  t.match(listed, { status: 0, stderr: '' });
  const files = Object.entries(parseListing(listed.stdout)).filter(([, { mode }]) =>
    /^100/.test(String(mode)),
  );
  t.same(files.map(([path]) => path).sort(), Object.keys(shownOfThree).sort());
  const cat = await erofs(['cat', ...words, image, '/merged/both', '/back', '/link']);
  t.match(cat, { status: 0, stdout: 'topagaintop', stderr: '' });
  const target = join(scratch.folder('self', 'target'), 'out');
  t.equal((await erofs(['extract', ...words, image, target])).status, 0);
  for (const [path, data] of Object.entries(shownOfThree)) {
    t.ok(readFileSync(join(target, path)).equals(Buffer.from(data)), path);
  }
});

t.test('stat says which layer shows a file', async (t) => {
  const stat = async (path: string, ...more: string[]) =>
    JSON.parse((await erofs(['stat', '--json', ...more, image, path])).stdout) as Record<string, unknown>;
  t.equal((await stat('/kept', ...words)).layer, layers[0]);
  t.equal((await stat('/changed', ...words)).layer, layers[1]);
  t.equal((await stat('/merged', ...words)).layer, layers[2]);
  t.notOk('layer' in (await stat('/kept')), 'nothing of the kind of one image');
  t.equal((await stat('/kept', ...words)).nid, (await stat('/kept')).nid);
  const text = await erofs(['stat', ...words, image, '/changed']);
  t.match(text.stdout, ` Layer: ${layers[1]}\n`);
});

t.test('info describes each layer', async (t) => {
  const told = await erofs(['info', '--json', ...words, image]);
  const summaries = told.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { image: string; inodes: number });
  t.same(
    summaries.map(({ image }) => image),
    layers,
  );
  const alone = JSON.parse((await erofs(['info', '--json', layers[1]!])).stdout);
  t.same(summaries[1], alone, 'what it says of the second alone');
  const text = (await erofs(['info', ...words, image])).stdout;
  t.equal(text.match(/^image {2,}/gm)?.length, 3);
});

t.test('verify checks each layer, and goes on after a damaged one', async (t) => {
  const good = await erofs(['verify', ...words, image]);
  t.match(good, { status: 0, stderr: '' });
  t.equal(good.stdout.match(/: clean$/gm)?.length, 3);
  const bytes = readFileSync(layers[0]!);
  bytes[1024 + 4]! ^= 1; // the checksum of the superblock
  const damaged = scratch.file('damaged.erofs', bytes);
  const found = await erofs(['verify', '--json', '--upper', layers[1]!, '--upper', '/no/such', damaged]);
  t.equal(found.status, 4 | 8, 'damaged, and one that cannot be checked');
  t.match(found.stderr, /^erofs verify: \/no\/such: no such file/);
  const reports = found.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.match(reports, [
    { image: damaged, clean: false },
    { image: layers[1], clean: true },
  ]);
});

t.test('each layer has its proof', async (t) => {
  const pinned = layers.map((path, number) => {
    const { bytes, root } = proven(readFileSync(path));
    return { path: scratch.file(`proven-${number}.erofs`, bytes), root };
  });
  const paths = pinned.map(({ path }) => path);
  const roots = (order: readonly number[]) =>
    order.flatMap((number) => ['--verity-root', number < 0 ? '-' : pinned[number]!.root]);
  const [lowest, ...upper] = paths;
  const all = [...upper.flatMap((path) => ['--upper', path]), lowest!];
  const told = await erofs(['info', '--json', ...roots([0, -1, 2]), ...all]);
  const proofs = told.stdout
    .trimEnd()
    .split('\n')
    .flatMap((line) => JSON.parse(line).proofs);
  t.match(proofs, [
    { blob: paths[0], trust: 'pinned' },
    { blob: paths[1], trust: 'none' },
    { blob: paths[2], trust: 'pinned' },
  ]);
  t.match(await erofs(['ls', ...roots([0, 2, 1]), ...all]), { status: 1, stderr: /does not match/ });
  t.match(await erofs(['ls', '--require-verity', ...roots([0, 1]), ...all]), {
    status: 1,
    stderr: new RegExp(`${paths[2]}: nothing proves its bytes`),
  });
  t.match(await erofs(['ls', ...roots([0, 1, 2, 0]), ...all]), {
    status: 2,
    stderr: /given for 4 blobs, there are 3/,
  });
});

t.test('a layer that cannot be opened is named', async (t) => {
  const foreign = scratch.file('foreign.erofs', Buffer.alloc(8192));
  const told = await erofs(['ls', '--upper', foreign, image]);
  t.match(told, { status: 1, stdout: '', stderr: `erofs ls: ${foreign}: not an EROFS image` });
});

t.test("a snapshot of containerd's", async (t) => {
  const root = scratch.folder('self', 'snapshots');
  for (const [id, files] of [
    ['1', { layer1: 'layer' }],
    ['2', { layer2: 'layer', merged: 'fsmeta' }],
  ] as const) {
    mkdirSync(join(root, id));
    for (const [from, to] of Object.entries(files)) {
      copyFileSync(join(images, `${from}.erofs`), join(root, id, `${to}.erofs`));
    }
  }
  const shown = await erofs(['ls', '-R', '--json', '--digest', join(root, '2')]);
  t.equal(shown.stderr, '');
  t.same(differences(parseListing(shown.stdout), readManifest(join(images, 'merged.json'))), []);
  const above = await erofs(['info', '--json', '--upper', join(root, '2'), join(root, '1')]);
  t.same(
    above.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).image),
    [join(root, '1', 'layer.erofs'), join(root, '2', 'layer.erofs')],
  );
});
