import t from 'tap';
import { findWords } from '../../src/commands/find.js';
import { fixture } from '../support/fixture.js';
import { readManifest } from '../support/manifest.js';
import { describeRun, erofs } from '../support/run.js';

const plain = fixture('plain');

async function found(image: string, ...words: string[]): Promise<string[]> {
  const said = await erofs(['find', image, ...words]);
  t.match(said, { status: 0, stderr: '' }, describeRun(said));
  return said.stdout.split('\n').slice(0, -1);
}

t.test('attributes, layouts and algorithms', async (t) => {
  const manifest = readManifest(plain.manifest);
  const withUser = Object.keys(manifest).filter((path) =>
    Object.keys((manifest[path]!.xattrs ?? {}) as object).some((name) => name.startsWith('user.')),
  );
  t.ok(withUser.length > 1);
  const listed = await erofs(['find', '--json', '--xattr', 'user.*', plain.image]);
  const paths = listed.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).path.replace(/^\//, ''));
  t.same(paths.sort(), withUser.sort());

  const lz4 = fixture('lz4').image;
  const compact = await found(lz4, '/data', '--layout', 'compressed-compact');
  const inData = Object.keys(readManifest(fixture('lz4').manifest)).filter((path) =>
    path.startsWith('data/'),
  );
  const compressible = inData.filter((path) => path !== 'data/random.bin').map((path) => `/${path}`);
  t.same(compact.sort(), compressible.sort(), 'all but what does not get smaller');
  const hints = fixture('v18-hints-zstd-lz4').image;
  const byZstd = await found(hints, '--algorithm', 'zstd');
  const byLz4 = await found(hints, '--algorithm', 'LZ4');
  t.ok(byZstd.length > 0 && byLz4.length > 0, `${byZstd} ${byLz4}`);
  t.same(
    byZstd.filter((path) => byLz4.includes(path)),
    [],
    'a file has one of the two',
  );
  const fragments = fixture('lz4-all-fragments').image;
  t.ok((await found(fragments, '--algorithm', 'LZ4', '-type', 'f')).length > 0, 'through the packed inode');
});

t.test('JSON has the fields of ls, and whole paths', async (t) => {
  const { sha256: _, ...expected } = readManifest(plain.manifest)['xattr/caps']!;
  const said = await erofs(['find', plain.image, '/xattr', '-name', 'caps', '--json']);
  t.same(JSON.parse(said.stdout), { path: '/xattr/caps', ...expected });
});

t.test('names of owners are the image’s own', async (t) => {
  const said = await erofs(['find', plain.image, '-user', 'nobody-here']);
  t.match(said, { status: 2, stdout: '' });
  t.match(
    said.stderr,
    /^erofs find: --user nobody-here: expected a number, or a name that the image has in \/etc\/passwd[^\n]*\n$/,
  );
});

t.test('paths end with a newline or a NUL', async (t) => {
  const words = ['find', plain.image, '/special', '-type', 'p', '-mindepth', '1', '-maxdepth', '1'];
  t.equal((await erofs(words)).stdout, '/special/fifo\n');
  t.equal((await erofs([...words, '-print0'])).stdout, '/special/fifo\0');
});

t.test('one hyphen or two, and values that begin with one', async (t) => {
  t.same(findWords(['find', 'a.erofs', '-size', '-1M', '--perm', '-4000', '-print0', '-x', '-name=*']), [
    ...['find', 'a.erofs', '--size=-1M', '--perm=-4000', '--print0', '-x', '-name=*'],
  ]);
  t.same(findWords(['find', 'a.erofs', '-name']), ['find', 'a.erofs', '--name'], 'a value that is missing');
});

t.test('wrong usage is one line and exit 2', async (t) => {
  for (const [words, line] of [
    [['-size', 'big'], /--size big: expected a number/],
    [['-type', 'q'], /--type q: expected f, d/],
    [['-name', 'a', '-name', 'b'], /--name is given more than once/],
    [['-maxdepth', 'x'], /--maxdepth x: expected a number of levels/],
    [['--layout', 'flat'], /--layout flat: expected flat-plain, .* or chunk-based/],
    [['-name'], /a value is missing after option name/],
  ] as const) {
    const said = await erofs(['find', plain.image, ...words]);
    t.match(said, { status: 2, stdout: '' }, describeRun(said));
    t.match(said.stderr, line);
    t.match(said.stderr, /^erofs find: [^\n]*\n$/);
  }
});
