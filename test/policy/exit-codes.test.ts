/** Commands that fail exit with a code that docs/exit-codes.md has for them, and say why in one line. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fixture } from '../support/fixture.js';
import { command, mountHelper, packageRoot } from '../support/paths.js';
import { describeRun, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { inPairs } from './in-pairs.js';

const scratch = new Scratch(t);
const plain = fixture('plain').image;
const bytes = readFileSync(plain);
const text = scratch.file('text', 'no image\n'.repeat(1000));
const half = scratch.file('half.erofs', bytes.subarray(0, bytes.length / 2));
const empty = scratch.folder('self', 'empty');
const full = scratch.folder('self', 'full');
const cache = ['--cache-dir', scratch.folder('self', 'cache')];
const occupied = join(full, 'target');
const missing = join(scratch.path, 'missing');

/** What is run, the exit code, and what the line says. */
type Failure = readonly [words: readonly string[], status: number, says: RegExp];

const failures: readonly Failure[] = [
  [[], 2, /a command is missing/],
  [['nosuch'], 2, /unknown command: nosuch/],
  [['ls'], 2, /an argument is missing/],
  [['ls', plain, '--nosuch'], 2, /unknown option/],
  [['ls', '--offset', 'x', plain], 2, /--offset/],
  [['find', '--type', 'q', plain], 2, /--type q: expected/],
  [['mount', '--driver', 'nosuch', plain, empty], 2, /driver/],
  [['mount', '-o', 'nosuch', plain, empty], 2, /nosuch/],
  [['ls', missing], 1, /no such file or directory \(open: ENOENT\); check the path/],
  [['ls', text], 1, /not an EROFS image: magic/],
  [['ls', half], 1, /the image is truncated/],
  [['ls', plain, '/nosuch'], 1, /the image has no nosuch there/],
  [['ls', '--verity-root', '00'.repeat(32), plain], 1, /dm-verity/],
  [['ls', '--require-verity', plain], 1, /nothing proves its bytes/],
  [['ls', '--offline', ...cache, 'http://127.0.0.1:1/root.erofs'], 1, /was never opened with this cache/],
  [['cat', plain, '/'], 1, /only regular files have content/],
  [['cat', '--escaped', plain, '/%zz'], 1, /two hexadecimal digits/],
  [['extract', plain, occupied], 1, /is not empty/],
  [['mount', plain, missing], 1, /does not exist/],
  [['mount', plain, text], 1, /is not a directory/],
  [['umount', empty], 1, /is not a mountpoint/],
  [['upgrade', empty], 1, /no image is mounted/],
  [['stats', empty], 1, /is no mount of ours/],
  [['pull', plain], 1, /the image is here/],
  [['inspect', `oci-layout:${missing}`], 1, /is no OCI layout/],
  [['cache', 'rm', ...cache, 'abcdef'], 1, /nothing is kept of abcdef/],
  [['verify', missing], 8, /no such file/],
  [['verify'], 16, /an argument is missing/],
  [['diff', plain, missing], 2, /no such file/],
];

/** What mount(8) calls. */
const helperFailures: readonly Failure[] = [
  [[], 1, /expected: mount\.fuse\.erofs IMAGE DIR/],
  [[missing, empty], 32, /no such file/],
];

/** By column and exit code, what the table says. */
const table = (() => {
  const page = readFileSync(join(packageRoot, 'docs', 'exit-codes.md'), 'utf8');
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
  return (column: string, status: number): string | undefined =>
    rows.find(([code]) => code === String(status))?.[rows[0]!.indexOf(column)];
})();

function columnOf(words: readonly string[]): string {
  const own = `erofs ${words[0]}`;
  return own === 'erofs verify' || own === 'erofs diff' ? own : 'erofs';
}

t.test('the table is read', async (t) => {
  t.equal(table('erofs', 1), 'failed');
  t.equal(table('mount.fuse.erofs', 32), 'the mount failed');
  t.equal(table('erofs', 32), '');
});

t.test('failures', async (t) => {
  await run('mkdir', ['-p', join(occupied, 'a')]);
  const all = [
    ...failures.map((failure) => ({
      failure,
      program: command,
      column: columnOf(failure[0]),
      called: 'erofs',
    })),
    ...helperFailures.map((failure) => ({
      failure,
      program: mountHelper,
      column: 'mount.fuse.erofs',
      called: 'mount.fuse.erofs',
    })),
  ];
  await inPairs(all, async ({ failure: [words, status, says], program, column, called }) => {
    const what = [called, ...words].join(' ');
    const said = await run(process.execPath, [program, ...words]);
    t.equal(said.status, status, `${what}: ${describeRun(said)}`);
    t.ok(table(column, status), `${what}: the page has ${status} for ${column}`);
    t.equal(said.stdout, '', `${what}: nothing on stdout`);
    t.equal(said.stderr.trimEnd().split('\n').length, 1, `${what}: one line: ${said.stderr}`);
    t.ok(said.stderr.startsWith(called), `${what}: which begins with ${called}: ${said.stderr}`);
    t.match(said.stderr, says, what);
    t.notMatch(said.stderr, /\bat .*\.[jt]s:\d+|internal error/, `${what}: without a stack`);
  });
});

t.test('damage and differences are no failures to run', async (t) => {
  const damaged = Buffer.from(bytes);
  damaged.fill(0xff, damaged.length / 2);
  const other = scratch.file('damaged.erofs', damaged);
  const verified = await run(process.execPath, [command, 'verify', other]);
  t.equal(verified.status, 4, describeRun(verified));
  const differ = await run(process.execPath, [command, 'diff', plain, fixture('layer1').image]);
  t.equal(differ.status, 1, describeRun(differ));
});
