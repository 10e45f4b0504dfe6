/** A directory of 100,000 names in three layers, listed while others list it and read: each name once, and no other. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { devFuseRoot } from '../support/front-end.js';
import { directory, file, type Target } from '../support/image-writer-node.js';
import { layerWords, saveLayers, whiteout } from '../support/merged-layers.js';
import { mount, remains } from '../support/mounted.js';
import { program } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import { describeRun, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const READ = 30;
const one = file('one inode of many names');

const named = (from: number, to: number, target: Target): [string, Target][] =>
  Array.from({ length: to - from }, (_, index) => [`entry-${from + index}`, target]);

/** 20,000 names of the lowest are whited out in the middle, a quarter of which comes back at the top. */
const roots = [
  directory({ many: directory(Object.fromEntries(named(0, 70_000, one))), few: few('low') }),
  directory({
    many: directory(Object.fromEntries([...named(0, 20_000, whiteout), ...named(60_000, 100_000, one)])),
  }),
  directory({
    many: directory(Object.fromEntries([...named(0, 5_000, one), ...named(90_000, 115_000, one)])),
  }),
];

function few(text: string) {
  return directory(
    Object.fromEntries(
      Array.from({ length: READ }, (_, index) => [`${index}`, file(text.repeat(500 + index))]),
    ),
  );
}

const expected = [...named(0, 5_000, one), ...named(20_000, 115_000, one)].map(([name]) => name).sort();

t.test('100,000 names', { skip: devFuseRoot.missing ?? noPython ?? false }, async (t) => {
  t.equal(expected.length, 100_000);
  const scratch = new Scratch(t);
  const mounted = await mount(
    scratch,
    devFuseRoot,
    layerWords(saveLayers(scratch.folder('self', 'layers'), roots)),
  );
  const many = join(mounted.mountpoint, 'many');
  const list = async (): Promise<string[]> => {
    const ended = await run('find', [many, '-mindepth', '1', '-printf', '%f %y\\n']);
    if (ended.status !== 0) throw new Error(describeRun(ended));
    return ended.stdout.trimEnd().split('\n');
  };
  const digests = Object.fromEntries(
    Array.from({ length: READ }, (_, index) => [`few/${index}`, digestOf('low'.repeat(500 + index))]),
  );
  const read = observe<string[]>(program('readers.py'), [mounted.mountpoint, '3', '20'], {
    input: JSON.stringify(digests),
  });
  const listings = await Promise.all([list(), list(), list()]);
  for (const listing of listings) {
    t.same(
      listing.sort(),
      expected.map((name) => `${name} f`),
      'each name once, and no other',
    );
  }
  t.same(await read, []);
  await mounted.unmountFromOutside();
  t.same(await remains(mounted.mountpoint), []);
});

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
