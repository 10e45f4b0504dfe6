import t from 'tap';
import { TreePrinter } from '../../src/commands/tree-text.js';
import { startAt } from '../../src/commands/walk.js';
import { listTree, treeLineObject } from '../../src/report/tree-listing.js';
import { Captured } from '../commands/captured.js';
import { bytes, MemoryTree, openSlowly } from '../commands/memory-tree.js';

async function drawn(
  tree: MemoryTree,
  { limit = Number.POSITIVE_INFINITY, size = false, humanReadable = false, isTTY = false } = {},
) {
  const captured = new Captured({ isTTY });
  const open = openSlowly(tree);
  const printer = new TreePrinter(captured.output, { size, humanReadable });
  const start = { ...(await startAt(open, 0)), path: bytes('/'), name: bytes('/') };
  const counts = await listTree(open, start, limit, captured.problems, (line) => printer.line(line));
  await printer.totals(counts);
  return { lines: await captured.lines(), said: captured.said, bytes: await captured.bytes() };
}

function sample(): MemoryTree {
  const tree = new MemoryTree();
  const a = tree.link(0, 'a', tree.directory());
  tree.link(tree.link(a, 'b', tree.directory()), 'deep', tree.file('12345'));
  tree.link(a, 'c', tree.file('1', { mode: 0o100755 }));
  tree.link(0, 'x\ny', tree.symlink('there'));
  return tree;
}

t.test('as tree(1) draws it', async (t) => {
  process.env.NO_COLOR = '1';
  t.teardown(() => delete process.env.NO_COLOR);
  t.same((await drawn(sample(), { isTTY: true })).lines, [
    '/',
    '├── a',
    '│   ├── b',
    '│   │   └── deep',
    '│   └── c',
    "└── $'x\\ny' -> there",
    '',
    '2 directories, 3 files',
  ]);
});

t.test('bytes where nobody looks, and no colours', async (t) => {
  const { bytes: written } = await drawn(sample());
  t.ok(written.includes(Buffer.from('└── x\ny -> there\n')));
  t.notOk(written.includes(0x1b));
});

t.test('colours on a terminal', async (t) => {
  const { lines } = await drawn(sample(), { isTTY: true });
  t.ok(lines.includes('├── \x1b[1;34ma\x1b[0m'), 'a directory');
  t.ok(lines.includes('│   └── \x1b[1;32mc\x1b[0m'), 'a program');
  t.ok(lines.includes("└── \x1b[1;36m$'x\\ny'\x1b[0m -> there"), 'a link');
});

t.test('depth and sizes', async (t) => {
  const { lines } = await drawn(sample(), { limit: 1, size: true });
  t.same(lines, [
    '[          0]  /',
    '├── [          0]  a',
    '└── [          5]  x',
    'y -> there',
    '',
    '1 directory, 1 file, 5 B',
  ]);
  const units = await drawn(sample(), { humanReadable: true });
  t.match(units.lines[3], /deep/);
  t.match(units.lines[3], /\[ {4}5\] {2}deep$/);
});

t.test('a directory of many names has one end', async (t) => {
  const tree = new MemoryTree();
  for (let i = 0; i < 1025; i++) tree.link(0, `f${i}`, tree.file(''));
  const { lines } = await drawn(tree);
  t.equal(lines.filter((line) => line.startsWith('├── ')).length, 1024);
  t.equal(lines.at(-3), '└── f1024');
});

t.test('what is broken is named, and the rest drawn', async (t) => {
  const tree = sample();
  tree.link(0, 'up', 0);
  tree.fail('readdir', tree.link(0, 'z', tree.directory()), 'directory broken');
  tree.fail('getattr', tree.link(0, 'zz', tree.file('')), 'inode broken');
  const { lines, said } = await drawn(tree);
  t.ok(lines.includes('├── z'));
  t.match(said, [
    /^erofs test: \/up: .*two places/,
    'erofs test: /z: directory broken',
    'erofs test: /zz: inode broken',
  ]);
});

t.test('objects', async (t) => {
  const open = openSlowly(sample());
  const { problems } = new Captured();
  const objects: object[] = [];
  await listTree(open, await startAt(open, 0), 1, problems, (line) => {
    objects.push(treeLineObject(line));
  });
  t.strictSame(objects, [
    { path: '.', type: 'directory', depth: 0, size: 0 },
    { path: 'a', type: 'directory', depth: 1, size: 0 },
    { path: 'x%0Ay', type: 'symbolic link', depth: 1, size: 5, target: 'there' },
  ]);
});
