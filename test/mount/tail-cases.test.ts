/** The rare and the huge through real mounts: what the tests' own images declare, and what the kernel shows of them. */
import t, { type Test } from 'tap';
import { devFuseRoot } from '../support/front-end.js';
import { writeImage } from '../support/image-writer.js';
import { imageCases } from '../support/image-writer-cases.js';
import { crowdName, crowdSize } from '../support/image-writer-crowd.js';
import { deviceImages, flatImage } from '../support/image-writer-devices.js';
import { type HugeFile, hugeFiles } from '../support/image-writer-huge.js';
import { mountByKernel, noKernel } from '../support/kernel.js';
import { sameAsKernel } from '../support/kernel-comparison.js';
import { mount, mountWords, type ToMount } from '../support/mounted.js';
import { program } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import { erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const skip = devFuseRoot.missing ?? noPython ?? false;

/** What probe.py says of one mountpoint. */
interface Probed {
  readonly blocks: number;
  readonly reads: Record<string, { size: number; data: [number, number][]; bytes: string[] }>;
  readonly lists: Record<string, { entries: number; order: string; present: string[] }>;
}

function save(name: string): string {
  const path = scratch.file(`${name.replaceAll(/\W+/g, '-')}.erofs`);
  writeImage(imageCases[name]!()).save(path);
  return path;
}

/** Mounts `image`, asks both mounts the same, asserts that they answer the same, and gives our answers. */
async function probe(t: Test, image: string, probes: unknown): Promise<Probed> {
  const mounted = await mount(scratch, devFuseRoot, { image });
  const kernel = noKernel ? undefined : await mountByKernel(t, scratch, { image, options: [] });
  const places = [mounted.mountpoint, ...(kernel ? [kernel.mountpoint] : [])];
  const seen = await observe<Record<string, Probed>>(program('probe.py'), [
    JSON.stringify(probes),
    ...places,
  ]);
  const ours = seen[mounted.mountpoint]!;
  if (kernel) t.same(ours, seen[kernel.mountpoint], 'every answer equals that of the kernel');
  else t.pass('the live comparison', { skip: noKernel! });
  await kernel?.unmount();
  await mounted.unmountFromOutside();
  return ours;
}

/** At every mark and 5 bytes before it, as much as the mark is long, and behind the end. */
const rangesOf = ({ size, marks }: HugeFile): [offset: number, length: number][] => [
  ...Object.entries(marks).map(([at, text]): [number, number] => [Number(at), text.length]),
  ...Object.entries(marks).map(([at, text]): [number, number] => [Math.max(0, Number(at) - 5), text.length]),
  [size - 1, 100],
  [size, 100],
];

t.test('files of terabytes', { skip }, async (t) => {
  const reads = Object.fromEntries(Object.entries(hugeFiles).map(([name, file]) => [name, rangesOf(file)]));
  const shown = await probe(t, save('huge'), { reads });
  t.equal(shown.blocks, 2 ** 32 + 2 ** 23, 'statvfs has more than 2^32 blocks');
  for (const [name, { size, marks, data }] of Object.entries(hugeFiles)) {
    const { bytes, ...said } = shown.reads[name]!;
    t.match(said, { size, data }, `${name}: size, SEEK_DATA and SEEK_HOLE`);
    t.same(
      bytes.slice(0, Object.keys(marks).length).map((hex) => Buffer.from(hex, 'hex').toString('latin1')),
      Object.values(marks),
      `${name}: the bytes that were put there`,
    );
  }
});

t.test('a directory of 100,000 names', { skip }, async (t) => {
  const present = Array.from({ length: 500 }, (_, n) => crowdName(n * 199));
  const absent = present.map((name) => `${name}!`);
  const shown = await probe(t, save('crowd'), { lists: { crowd: [...present, ...absent] } });
  t.equal(shown.lists.crowd!.entries, crowdSize, 'every name is listed once');
  t.same(shown.lists.crowd!.present, present, 'those that are there are found, and no others');
});

for (const name of [
  'attributes',
  'xattrs, absolute prefixes',
  'xattrs, packed prefixes',
  'xattrs in the metabox',
]) {
  t.test(name, { skip: skip || noKernel || false }, async (t) => {
    const image = { image: save(name), options: [] };
    const mounted = await mount(scratch, devFuseRoot, image);
    await sameAsKernel(t, scratch, image, mounted.mountpoint);
    await mounted.unmountFromOutside();
  });
}

function savedDevices(): { readonly image: string; readonly devices: readonly string[] } {
  const [image, ...devices] = deviceImages().map((bytes, n) => {
    const path = scratch.file(`device-${n}`);
    bytes.save(path);
    return path;
  });
  return { image: image!, devices };
}

t.test('three devices, given with -o device=', { skip: skip || noKernel || false }, async (t) => {
  const { image, devices } = savedDevices();
  const what: Required<Omit<ToMount, 'words' | 'environment'>> = {
    image,
    options: devices.map((path) => `device=${path}`),
  };
  const mounted = await mount(scratch, devFuseRoot, what);
  await sameAsKernel(t, scratch, what, mounted.mountpoint);
  await mounted.unmountFromOutside();
});

t.test('three devices that lie in the image', { skip: skip || noKernel || false }, async (t) => {
  const image = scratch.file('flat.erofs');
  flatImage().save(image);
  const mounted = await mount(scratch, devFuseRoot, { image });
  await sameAsKernel(t, scratch, { image, options: [] }, mounted.mountpoint);
  await mounted.unmountFromOutside();
});

t.test('two of three devices', { skip: devFuseRoot.missing ?? false }, async (t) => {
  const { image, devices } = savedDevices();
  const what = { image, options: devices.slice(1).map((path) => `device=${path}`) };
  const mountpoint = scratch.folder('root', 'mountpoint');
  const said = await erofs(mountWords(devFuseRoot, what, mountpoint, `${scratch.folder('root')}/log`));
  t.not(said.status, 0);
  t.match(said.stderr, /3 extra devices and 2 were given; give each with device=PATH.*1\. blob-1, 4 blocks/);
});
