/** Images that mean harm: nothing is made outside the target, each attack is named, the rest is extracted. */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startAt } from '../../src/commands/walk.js';
import { extractTree } from '../../src/extract/extract.js';
import type { ExtractLimits } from '../../src/extract/limits.js';
import { MemoryTree, openSlowly, text } from '../commands/memory-tree.js';
import { run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);

interface Extraction {
  readonly target: string;
  /** holds the target and nothing else, unless something was made outside */
  readonly parent: string;
  /** "path: code" */
  readonly problems: string[];
}

async function extract(
  tree: MemoryTree,
  force = false,
  target?: string,
  limits: ExtractLimits = {},
): Promise<Extraction> {
  const parent = target === undefined ? scratch.folder() : join(target, '..');
  const directory = target ?? join(parent, 'target');
  const open = openSlowly(tree);
  const problems: string[] = [];
  await extractTree(
    open,
    await startAt(open, 0),
    directory,
    { force, devices: false, suid: false, ...limits },
    (path, error) => {
      problems.push(`${text(path)}: ${(error as { code: string }).code}`);
    },
  );
  return { target: directory, parent, problems };
}

t.test('names that lead out', async (t) => {
  const tree = new MemoryTree();
  const names = ['../out', 'a/b', '/out', 'nul\0', 'x'.repeat(256), ''];
  for (const name of names) tree.link(0, name, tree.file('evil'));
  tree.link(0, '..', tree.file('evil'));
  tree.link(0, '.', tree.symlink('/'));
  tree.link(0, '../folder', tree.directory());
  tree.link(0, 'good', tree.file('good'));
  const { target, parent, problems } = await extract(tree);
  t.same(readdirSync(parent), ['target']);
  t.same(readdirSync(target), ['good'], 'the rest is extracted');
  t.equal(problems.length, names.length + 3);
  for (const problem of problems) t.match(problem, /: bad-name$/);
});

t.test('a link first, then a file through it', async (t) => {
  const outside = scratch.folder();
  const tree = new MemoryTree();
  tree.link(0, 'd', tree.symlink(outside));
  tree.link(tree.link(0, 'd', tree.directory()), 'file', tree.file('inside'));
  tree.link(0, 'f', tree.symlink(join(outside, 'file')));
  tree.link(0, 'f', tree.file('inside'));
  for (const force of [false, true]) {
    const { target, problems } = await extract(tree, force);
    t.same(readdirSync(outside), []);
    t.equal(readFileSync(join(target, 'd/file'), 'utf8'), 'inside');
    t.equal(readFileSync(join(target, 'f'), 'utf8'), 'inside');
    t.same(problems, ['d: name-exists', 'f: name-exists'], force ? 'with --force' : '');
  }
});

t.test('a name twice', async (t) => {
  const tree = new MemoryTree();
  tree.link(0, 'a', tree.file('first'));
  tree.link(0, 'a', tree.file('second'));
  tree.link(0, 'd', tree.directory());
  tree.link(tree.link(0, 'd', tree.directory()), 'x', tree.file('x'));
  for (const force of [false, true]) {
    const { target, problems } = await extract(tree, force);
    t.equal(readFileSync(join(target, 'a'), 'utf8'), 'first');
    t.same(problems, ['a: name-exists', 'd: name-exists']);
  }
});

t.test('directories in a circle', async (t) => {
  const tree = new MemoryTree();
  const a = tree.link(0, 'a', tree.directory());
  tree.link(a, 'up', 0);
  tree.link(a, 'self', a);
  tree.link(a, 'z', tree.file('z'));
  const { target, problems } = await extract(tree);
  t.same(readdirSync(join(target, 'a')), ['z']);
  t.same(problems, ['a/up: directory-loop', 'a/self: directory-loop']);
});

t.test('a hard link never leads to a file that was there before', async (t) => {
  const tree = new MemoryTree();
  const both = tree.file('image', { nlink: 2 });
  tree.fail('read', both, 'broken');
  tree.link(0, 'one', both);
  tree.link(0, 'two', both);
  const { target, problems } = await extract(tree);
  t.same(readdirSync(target), []);
  t.same(problems, ['one: corrupt', 'two: corrupt']);
});

t.test('a file that cannot be read leaves nothing', async (t) => {
  const tree = new MemoryTree();
  tree.fail('read', tree.link(0, 'read', tree.file('x'.repeat(10))), 'broken');
  tree.fail('seek', tree.link(0, 'seek', tree.file('x')), 'broken');
  tree.link(0, 'short', tree.file('x', { size: 5_000_000 }));
  tree.fail('readlink', tree.link(0, 'link', tree.symlink('x')), 'broken');
  tree.fail('getattr', tree.link(0, 'inode', tree.file('x')), 'broken');
  tree.fail('readdir', tree.link(0, 'directory', tree.directory()), 'broken');
  tree.link(0, 'good', tree.file('good'));
  const { target, problems } = await extract(tree);
  t.same(readdirSync(target).sort(), ['directory', 'good']);
  t.same(problems.sort(), [
    'directory: corrupt',
    'inode: corrupt',
    'link: corrupt',
    'read: corrupt',
    'seek: corrupt',
    'short: read-failed',
  ]);
});

t.test('a target that is occupied', async (t) => {
  const target = join(scratch.folder(), 'target');
  mkdirSync(target);
  mkdirSync(join(target, 'other'));
  const tree = new MemoryTree();
  tree.link(0, 'file', tree.file('x'));
  await t.rejects(extract(tree, false, target), { code: 'target-occupied', message: /--force/ });
  t.same(readdirSync(target), ['other']);
  t.same((await extract(tree, true, target)).problems, []);
  t.same(readdirSync(target).sort(), ['file', 'other']);
  t.same((await extract(tree, true, target)).problems, [], 'a second time');
});

t.test('links point where the image says, and nothing follows them', async (t) => {
  const tree = new MemoryTree();
  tree.link(0, 'absolute', tree.symlink('/etc/passwd'));
  tree.link(0, 'bytes', tree.symlink(Buffer.from([0x78, 0xff])));
  const { target, problems } = await extract(tree);
  t.equal(readlinkSync(join(target, 'absolute')), '/etc/passwd');
  t.same(readlinkSync(join(target, 'bytes'), 'buffer'), Buffer.from([0x78, 0xff]));
  t.same(problems, []);
});

t.test('deeper than a path may be long', async (t) => {
  const tree = new MemoryTree();
  let directory = 0;
  for (let depth = 0; depth < 60; depth++)
    directory = tree.link(directory, 'd'.repeat(200), tree.directory());
  tree.link(directory, 'file', tree.file('x'));
  const { problems, parent } = await extract(tree);
  t.same(problems, []);
  // Node's own rmSync cannot go so deep.
  t.equal((await run('rm', ['-r', join(parent, 'target')])).status, 0);
});

t.test('holes stay holes', async (t) => {
  const tree = new MemoryTree();
  const size = 64 << 20;
  const content = Buffer.alloc(size);
  content.write('data', 32 << 20);
  tree.link(0, 'sparse', tree.file(content, { data: [[32 << 20, (32 << 20) + 4096]] }));
  tree.link(0, 'hole', tree.file(content.subarray(0, 1 << 20), { data: [] }));
  const { target } = await extract(tree);
  const found = lstatSync(join(target, 'sparse'));
  t.equal(found.size, size);
  t.ok(found.blocks * 512 < 1 << 20, `${found.blocks} blocks`);
  t.ok(readFileSync(join(target, 'sparse')).equals(content));
  t.equal(lstatSync(join(target, 'hole')).blocks, 0);
  t.ok(existsSync(join(target, 'hole')));
});
