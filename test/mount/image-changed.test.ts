/**
 * The image's file changes under a mount: replaced, renamed or deleted it stays what it was; written into or cut short, it gives
 * the old bytes or an error, and the log says so once.
 */
import {
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { devFusePlain, devFuseRoot, type FrontEnd, fuseNative } from '../support/front-end.js';
import { writeImage } from '../support/image-writer.js';
import { flat } from '../support/image-writer-body.js';
import { directory, file } from '../support/image-writer-node.js';
import { type Mounted, mount, remains } from '../support/mounted.js';
import { run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const SIZE = 64 << 10;
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

/** An image whose files are all of one letter each, all in blocks of their own. */
function imageOf(letter: (name: string) => string): string {
  const files = NAMES.map((name) => [name, file(flat(letter(name).repeat(SIZE)))] as const);
  const path = scratch.file('image.erofs');
  writeImage({ root: directory(Object.fromEntries(files)) }).save(path);
  return path;
}

const oldImage = () => imageOf((name) => name);
const newImage = () => imageOf((name) => name.toUpperCase());

/** By name: "old", "new", the error, or what else it is. */
async function seen(front: FrontEnd, { mountpoint }: Mounted, names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    const said = await run('cat', [join(mountpoint, name)], { user: front.user });
    if (said.stdout === name.repeat(SIZE)) found.push('old');
    else if (said.stdout === name.toUpperCase().repeat(SIZE)) found.push('new');
    else found.push(/: ([^:]+)\n$/.exec(said.stderr)?.[1] ?? `${said.stdout.length} bytes of something else`);
  }
  return found;
}

/** The longest that a change may stay unnoticed. */
const interval = () => sleep(1100);

const overwrite = (path: string): void => {
  const bytes = readFileSync(newImage());
  const descriptor = openSync(path, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, 0);
  closeSync(descriptor);
};

const harmless: Readonly<Record<string, (image: string) => void>> = {
  'replaced by another file': (image) => renameSync(newImage(), image),
  renamed: (image) => renameSync(image, `${image}.old`),
  deleted: (image) => rmSync(image),
  'deleted, and made anew': (image) => {
    rmSync(image);
    writeFileSync(image, readFileSync(newImage()));
  },
};

const skip = devFuseRoot.missing ?? false;

for (const [change, act] of Object.entries(harmless)) {
  t.test(change, { skip }, async (t) => {
    const image = oldImage();
    const mounted = await mount(scratch, devFuseRoot, { image });
    t.same(await seen(devFuseRoot, mounted, ['a']), ['old']);
    act(image);
    await interval();
    t.same(
      await seen(devFuseRoot, mounted, NAMES),
      NAMES.map(() => 'old'),
    );
    t.notMatch(readFileSync(mounted.log, 'utf8'), /changed/);
    await mounted.unmountFromOutside();
    t.same(await remains(mounted.mountpoint), []);
  });
}

for (const front of [devFuseRoot, devFusePlain, fuseNative]) {
  t.test(`written over, ${front.name}`, { skip: front.missing ?? false }, async (t) => {
    const image = oldImage();
    const mounted = await mount(scratch, front, { image });
    t.same(await seen(front, mounted, ['a']), ['old']);
    await interval();
    overwrite(image);
    const [kept, ...others] = await seen(front, mounted, ['a', 'c', 'd', 'e']);
    t.match(kept, /^(old|Stale file handle)$/, 'what the kernel has kept is the old one');
    t.same(
      others,
      others.map(() => 'Stale file handle'),
    );
    const told = readFileSync(mounted.log, 'utf8')
      .split('\n')
      .filter((line) => line.includes('has changed'));
    t.ok(told.length >= 1 && told.length <= 4, `once for each thread that reads: ${told.join('\n')}`);
    t.match(told[0], /written to at .*unmount, and mount what it is now/);
    await mounted.unmountFromOutside();
    t.same(await remains(mounted.mountpoint), []);
  });
}

t.test('cut short', { skip }, async (t) => {
  const image = oldImage();
  const mounted = await mount(scratch, devFuseRoot, { image });
  truncateSync(image, 8192);
  // by its new end or by its new size, whichever a thread meets first
  for (const said of await seen(devFuseRoot, mounted, NAMES.slice(2))) {
    t.match(said, /^(Input\/output error|Stale file handle)$/);
  }
  t.match(readFileSync(mounted.log, 'utf8'), /ends at byte \d+, \d+ bytes were wanted|bytes, now 8192/);
  await mounted.unmountFromOutside();
});

t.test('only touched: taken for changed', { skip }, async (t) => {
  const image = oldImage();
  const mounted = await mount(scratch, devFuseRoot, { image });
  await interval();
  utimesSync(image, 1, 1);
  t.same(await seen(devFuseRoot, mounted, ['c']), ['Stale file handle']);
  await mounted.unmountFromOutside();
});
