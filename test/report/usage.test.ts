import { statSync } from 'node:fs';
import t, { type Test } from 'tap';
import { isDirectory } from '../../src/commands/mode-string.js';
import { startAt } from '../../src/commands/walk.js';
import type { Usage } from '../../src/report/usage.js';
import { UsageListing } from '../../src/report/usage-listing.js';
import { Captured } from '../commands/captured.js';
import { bytes } from '../commands/memory-tree.js';
import { fixture } from '../support/fixture.js';
import { mountByKernel, noKernel } from '../support/kernel.js';
import { openFixture } from '../support/opened.js';
import { run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

async function usageOf(t: Test, name: string, depth = Number.POSITIVE_INFINITY) {
  const opened = await openFixture(fixture(name));
  t.teardown(() => opened.close());
  const { problems, said } = new Captured();
  const told: number[] = [];
  const listing = new UsageListing(opened, { depth, all: true }, problems, (names) => told.push(names));
  const lines = new Map<string, { usage: Usage; mode: number }>();
  const start = await startAt(opened, opened.tree.root);
  await listing.list(start, bytes('/'), ({ path, usage, mode }) => {
    lines.set(Buffer.from(path).toString('latin1'), { usage: { ...usage }, mode });
  });
  t.same(said, [], name);
  // with all of them at hand, a line a name
  if (depth === Number.POSITIVE_INFINITY)
    t.equal(told.at(-1), lines.size, `${name}: names that were counted`);
  return { opened, listing, lines, root: lines.get('/')!.usage };
}

t.test('blocks of data are those that the kernel counts', { skip: noKernel ?? false }, async (t) => {
  const scratch = new Scratch(t);
  // nothing inline, nothing shared: each file has its blocks for itself
  for (const name of ['noinline', 'lz4-c16k']) {
    const { mountpoint } = await mountByKernel(t, scratch, fixture(name));
    const { lines } = await usageOf(t, name);
    const listed = await run('find', [
      mountpoint,
      '-type',
      'f',
      '-size',
      '+16k',
      '-printf',
      '%P\\t%b\\t%n\\n',
    ]);
    let compared = 0;
    for (const line of listed.stdout.trimEnd().split('\n')) {
      const [path, sectors, links] = line.split('\t') as [string, string, string];
      const ours = lines.get(`/${Buffer.from(path).toString('latin1')}`)?.usage;
      // what does not get smaller is stored plain, with its end behind the inode, which the kernel counts as a block
      if (links !== '1' || ours === undefined || path.includes('/sparse')) continue;
      if (name !== 'noinline' && path.includes('random')) continue;
      compared++;
      t.equal(ours.data, Number(sectors) * 512, `${name}: ${path}`);
    }
    t.ok(compared > 10, `${name}: ${compared} files were compared`);
  }
});

t.test('all together are the image, but for what belongs to no file', async (t) => {
  for (const [name, least] of [
    ['plain', 0.98],
    ['lz4', 0.96],
    ['lz4-dedupe', 0.9],
    ['lz4-fragments', 0.9],
    ['zstd', 0.9],
    ['chunk4k', 0.9],
  ] as const) {
    const { root } = await usageOf(t, name);
    const { size } = statSync(fixture(name).image);
    const share = (root.data + root.metadata) / size;
    t.ok(share > least && share <= 1, `${name}: ${share}`);
  }
});

t.test('what is shared counts once, for the first that is met', async (t) => {
  const { lines, root } = await usageOf(t, 'lz4-dedupe');
  const files = [...lines.values()].filter(({ mode }) => !isDirectory(mode));
  const directories = [...lines].filter(([, { mode }]) => isDirectory(mode));
  t.ok(directories.length > 5);
  const dup = [...lines].filter(([path, { mode }]) => path.startsWith('/dup/') && !isDirectory(mode));
  t.ok(dup.length > 1);
  t.ok(
    dup.some(([, { usage }]) => usage.data === 0 && usage.plain > 4096),
    'a copy takes nothing',
  );
  t.ok(files.reduce((sum, { usage }) => sum + usage.data, 0) <= root.data);
});

t.test('hard links count once, a sum is that of its parts, and depth hides lines alone', async (t) => {
  const { lines, root } = await usageOf(t, 'plain');
  const hard = [...lines].filter(([path]) => path.startsWith('/hard/'));
  t.equal(hard.filter(([, { usage }]) => usage.plain > 0).length < hard.length, true, 'a link adds nothing');
  const below = [...lines].filter(([path]) => /^\/[^/]+$/.test(path));
  const sum = below.reduce((all, [, { usage }]) => all + usage.plain, 0);
  t.equal(sum, root.plain);
  const shallow = await usageOf(t, 'plain', 1);
  t.same(shallow.root, root);
  t.same([...shallow.lines.keys()].sort(), ['/', ...below.map(([path]) => path)].sort());
});
