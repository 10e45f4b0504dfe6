import t from 'tap';
import { listJson } from '../../src/commands/list-json.js';
import { listNames } from '../../src/commands/list-names.js';
import type { ManifestEntry } from '../../src/commands/manifest-entry.js';
import { startAt } from '../../src/commands/walk.js';
import { fixture } from '../support/fixture.js';
import { describeRun, erofs, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { isRoot } from '../support/user.js';
import { Captured } from './captured.js';
import { bytes, MemoryTree, openSlowly } from './memory-tree.js';

const plain = fixture('plain').image;

async function names(tree: MemoryTree, listing: { long?: boolean; recursive?: boolean }, isTTY = false) {
  const captured = new Captured({ isTTY });
  const open = openSlowly(tree);
  const start = { ...(await startAt(open, 0)), path: bytes('/') };
  await listNames(
    open,
    start,
    { long: false, recursive: false, ...listing },
    captured.output,
    captured.problems,
  );
  return { lines: await captured.lines(), said: captured.said, bytes: await captured.bytes() };
}

async function json(tree: MemoryTree, listing: { recursive?: boolean; digest?: boolean }) {
  const captured = new Captured();
  const open = openSlowly(tree);
  const all = { recursive: true, digest: false, ...listing };
  await listJson(open, await startAt(open, 0), all, captured.output, captured.problems);
  const entries = (await captured.lines()).map((line) => JSON.parse(line) as ManifestEntry);
  return { entries, said: captured.said };
}

t.test('names, one a line', async (t) => {
  const tree = new MemoryTree();
  tree.link(0, '.hidden', tree.file(''));
  tree.link(0, 'new\nline', tree.file(''));
  tree.link(0, Buffer.from([0xff]), tree.file(''));
  t.same((await names(tree, {})).bytes, Buffer.from('.hidden\nnew\nline\n\xff\n', 'latin1'), 'as bytes');
  t.same(
    (await names(tree, {}, true)).lines,
    ['.hidden', "$'new\\nline'", "$'\\377'"],
    'quoted on a terminal',
  );
});

t.test('long lines align', async (t) => {
  const tree = new MemoryTree();
  tree.link(0, 'file', tree.file('12345', { mode: 0o104755, uid: 1000, gid: 7 }));
  tree.link(0, 'null', tree.fifo({ mode: 0o020666, major: 1, minor: 3 }));
  tree.link(0, 'link', tree.symlink('a\tb'));
  const { lines } = await names(tree, { long: true }, true);
  t.same(lines, [
    '-rwsr-xr-x 1 1000 7    5 2020-09-13T12:26:40Z file',
    'crw-rw-rw- 1    0 0 1, 3 2020-09-13T12:26:40Z null',
    "lrwxrwxrwx 1    0 0    3 2020-09-13T12:26:40Z link -> $'a\\tb'",
  ]);
});

t.test('-R gives a section a directory, each once', async (t) => {
  const tree = new MemoryTree();
  const a = tree.link(0, 'a', tree.directory());
  tree.link(a, 'x', tree.file(''));
  tree.link(a, 'up', 0);
  tree.link(0, 'b', tree.file(''));
  const { lines, said } = await names(tree, { recursive: true });
  t.same(lines, ['/:', 'a', 'b', '', '/a:', 'x', 'up']);
  t.match(said, [/^erofs test: \/a\/up: .*two places/]);
});

t.test('what cannot be read is named once, and the rest listed', async (t) => {
  const tree = new MemoryTree();
  tree.fail('readdir', tree.link(0, 'a', tree.directory()), 'directory broken');
  tree.fail('getattr', tree.link(0, 'b', tree.file('')), 'inode broken');
  tree.fail('readlink', tree.link(0, 'c', tree.symlink('x')), 'target broken');
  tree.link(0, 'd', tree.file(''));
  const { lines, said } = await names(tree, { long: true, recursive: true });
  t.match(lines[2], /^\?{10} +\? +\? +\? +\? +\? b$/);
  t.match(lines[3], /c -> \?$/);
  t.match(lines[4], /d$/);
  t.match(said, [
    'erofs test: /b: inode broken',
    'erofs test: /c: target broken',
    'erofs test: /a: directory broken',
  ]);
  t.equal(said.length, 3);
});

t.test('JSON tells all', async (t) => {
  const tree = new MemoryTree();
  const both = tree.file('content', {
    nlink: 2,
    xattrs: new Map([
      ['user.b', bytes('2')],
      ['user.a%', bytes('')],
    ]),
  });
  tree.link(0, 'one', both);
  tree.link(0, 'two', both);
  tree.link(0, 'dev', tree.fifo({ mode: 0o060660, major: 259, minor: 70_000, mtimeSeconds: -1 }));
  tree.link(0, Buffer.from([0xff]), tree.symlink('\n'));
  const { entries, said } = await json(tree, { digest: true });
  t.same(said, []);
  const common = { uid: 0, gid: 0, mtime_ns: '1600000000000000007' };
  const content = {
    ...common,
    mode: '100644',
    nlink: 2,
    size: 7,
    sha256: 'ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73',
    xattrs: { 'user.a%25': '', 'user.b': '32' },
    same_inode_as: 'one',
  };
  t.strictSame(entries, [
    { path: '.', ...common, mode: '40755', nlink: 2 },
    { path: 'one', ...content },
    { path: 'two', ...content },
    { path: 'dev', ...common, mode: '60660', nlink: 1, rdev: [259, 70_000], mtime_ns: '-999999993' },
    { path: '%FF', ...common, mode: '120777', nlink: 1, size: 1, target: '%0A' },
  ]);
});

t.test('JSON without -R stays in the directory', async (t) => {
  const tree = new MemoryTree();
  tree.link(tree.link(0, 'a', tree.directory()), 'x', tree.file(''));
  tree.link(0, 'b', tree.file(''));
  const { entries } = await json(tree, { recursive: false });
  t.same(
    entries.map(({ path }) => path),
    ['a', 'b'],
  );
});

t.test('JSON leaves out what cannot be read, and says so', async (t) => {
  const tree = new MemoryTree();
  tree.fail('read', tree.link(0, 'a', tree.file('x')), 'broken');
  tree.fail('listxattr', tree.link(0, 'b', tree.file('x')), 'broken');
  const { entries, said } = await json(tree, { digest: true });
  t.notOk(entries[1]!.sha256);
  t.ok(entries[2]!.sha256);
  t.same(said, ['erofs test: a: reading at byte 0: broken', 'erofs test: b: broken']);
});

t.test('as GNU ls writes', { skip: isRoot ? false : 'needs root to extract owners' }, async (t) => {
  const scratch = new Scratch(t);
  const target = scratch.folder();
  const extracted = await erofs(['extract', '--strict', '--devices', '--suid', plain, target]);
  t.equal(extracted.status, 0, describeRun(extracted));
  for (const folder of ['', 'names', 'special', 'modes', 'owners', 'times', 'hard', 'sizes']) {
    const ours = await erofs(['ls', '-l', plain, `/${folder}`]);
    const theirs = await run('ls', ['-lnA', '--time-style=+%Y-%m-%dT%H:%M:%SZ', `${target}/${folder}`], {
      environment: { TZ: 'UTC', LC_ALL: 'C' },
    });
    t.same(comparable(ours.stdout), comparable(theirs.stdout), `/${folder}`);
  }
});

/** Without the total, the padding, the mark of an ACL and the sizes of directories, which are the file system's own. */
function comparable(listing: string): string[] {
  return listing
    .split('\n')
    .filter((line) => !line.startsWith('total '))
    .map((line) =>
      line
        .replace(/^(\S{10})\+/, '$1')
        .replace(/ +/g, ' ')
        .replace(/^(d\S+ \d+ \d+ \d+) \d+/, '$1'),
    );
}

t.test('wrong usage exits 2, failures exit 1, each with one line', async (t) => {
  for (const [status, message, ...words] of [
    [2, /--digest needs --json/, '--digest', plain],
    [2, /--offset 1e3: expected a number/, '--offset', '1e3', plain],
    [2, /more than once/, '--offset', '0', '--offset', '1', plain],
    [1, /the image has no nope/, plain, '/nope'],
    [1, /%zz: the % at byte/, '--escaped', plain, '/%zz'],
    [1, /no such file/, '/nonexistent.erofs'],
  ] as const) {
    const said = await erofs(['ls', ...words]);
    t.equal(said.status, status, describeRun(said));
    t.match(said.stderr, message);
    t.match(said.stderr, /^erofs ls: [^\n]*\n$/, 'one line');
    t.equal(said.stdout, '');
  }
});

t.test('paths on the command line', async (t) => {
  t.equal((await erofs(['ls', '--escaped', plain, '/names/latin1-%E9%FF', '--json'])).status, 0);
  const link = await erofs(['ls', '-l', plain, '/sym-short']);
  t.match(link.stdout, /^lrwxrwxrwx .* \/sym-short -> sizes\/text-12345\n$/, 'a link is not followed');
  const shifted = fixture('offset8192').image;
  t.equal((await erofs(['ls', '--offset', '0x2000', shifted])).status, 0, 'offsets may be hexadecimal');
});
