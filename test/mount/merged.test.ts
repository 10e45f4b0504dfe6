/** Several images mounted as one: as Linux's overlayfs shows them, by every way to mount. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { devFusePlain, devFuseRoot, fuseNative } from '../support/front-end.js';
import { directory, file } from '../support/image-writer-node.js';
import { noMergedKernel, sameAsMergedByKernel } from '../support/merged-kernel.js';
import {
  layerWords,
  opaque,
  saveLayers,
  shownOfThree,
  threeLayers,
  whiteout,
} from '../support/merged-layers.js';
import { mount, remains } from '../support/mounted.js';
import { images as fixtures, program } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import { Scratch } from '../support/scratch.js';

type Tried = Record<string, { read?: string; stat?: string }>;

const scratch = new Scratch(t);
const three = saveLayers(scratch.folder('self', 'layers'), threeLayers);
const merged = layerWords(three);

const digestOf = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

for (const front of [devFuseRoot, devFusePlain, fuseNative]) {
  t.test(`every byte, ${front.name}`, { skip: front.missing ?? noPython ?? false }, async (t) => {
    const mounted = await mount(scratch, front, merged);
    t.match(mounted.said.stdout, /; 3 layers, not verified\)\n$/);
    const tried = await observe<Tried>(program('try-all.py'), [mounted.mountpoint], { user: front.user });
    const read = Object.entries(tried).filter(([, { read }]) => read !== undefined);
    t.same(
      Object.fromEntries(read.map(([path, { read }]) => [path, read])),
      Object.fromEntries(Object.entries(shownOfThree).map(([path, data]) => [path, digestOf(data)])),
    );
    t.notOk('gone' in tried || 'merged/gone' in tried || 'hidden/below' in tried, 'what is hidden is gone');
    await mounted.unmountFromOutside();
    t.same(await remains(mounted.mountpoint), []);
  });
}

const skip = devFuseRoot.missing ?? noPython ?? noMergedKernel ?? false;

t.test('as overlayfs shows it', { skip }, async (t) => {
  const mounted = await mount(scratch, devFuseRoot, merged);
  await sameAsMergedByKernel(t, scratch, three, mounted.mountpoint);
  await mounted.unmountFromOutside();
});

t.test('images by mkfs.erofs, of all kinds, upon each other', { skip }, async (t) => {
  const names = ['layer1', 'v15-chunk', 'wide-lz4hc-c64k-frag', 'v15-lz4hc-c64k', 'wide-b512-lz4', 'layer2'];
  // in these trees a file has its bytes in a layer that nobody has
  const without = saveLayers(scratch.folder('self', 'without'), [directory({ overlay: whiteout })]);
  const layers = [...names.map((name) => join(fixtures, `${name}.erofs`)), ...without];
  const mounted = await mount(scratch, devFuseRoot, layerWords(layers));
  await sameAsMergedByKernel(t, scratch, layers, mounted.mountpoint);
  await mounted.unmountFromOutside();
});

t.test('128 layers, as overlayfs shows them', { skip }, async (t) => {
  const roots = Array.from({ length: 128 }, (_, number) =>
    directory({
      [`own-${number}`]: file(`${number}`),
      [`for-two-${number >> 1}`]: file(`${number}`),
      ...(number % 5 === 4 && { [`own-${number - 3}`]: whiteout }),
      all: directory(
        { [`${number}`]: file(`${number}`), last: file(`${number}`) },
        number === 20 ? opaque : {},
      ),
    }),
  );
  const layers = saveLayers(scratch.folder('self', 'layers'), roots);
  const started = performance.now();
  const mounted = await mount(scratch, devFuseRoot, layerWords(layers));
  t.comment(`mounted after ${Math.round(performance.now() - started)} ms`);
  await sameAsMergedByKernel(t, scratch, layers, mounted.mountpoint);
  await mounted.unmountFromOutside();
  t.same(await remains(mounted.mountpoint), []);
});
