import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import t from 'tap';
import { SEVERITIES } from '../../src/check/finding.js';
import { allFixtures, asCommandOptions, fixture } from '../support/fixture.js';
import { writeImage } from '../support/image-writer.js';
import { directory, file } from '../support/image-writer-node.js';
import { command, packageRoot } from '../support/paths.js';
import { describeRun, erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { imageBytes } from '../support/superblock.js';

const scratch = new Scratch(t);

/** An image with a warning at /w and an error at /x\n. */
function damaged(): { path: string; nid: number; offset: number } {
  const x = file('x', { nlink: 0 });
  const image = writeImage({ root: directory({ w: file('w', { nlink: 2 }), 'x\n': x }), metaBlock: 1 });
  const path = scratch.file('damaged.erofs');
  image.save(path);
  return { path, nid: image.nid(x), offset: image.offset(x) };
}

t.test('a clean image: exit 0 and one line', async (t) => {
  for (const name of ['lz4', 'offset8192', 'merged', 'tar-index']) {
    const { image, options } = fixture(name);
    const said = await erofs(['verify', ...asCommandOptions(options), image]);
    t.match(said, { status: 0, stderr: '', stdout: /^.*\.erofs: checked \d+ inodes, .*: clean\n$/ }, name);
  }
  const { image } = allFixtures.find(({ name }) => name === 'lz4')!;
  const { stdout } = await erofs(['verify', image]);
  t.match(stdout, /checked 176 inodes, 33 directories, \d+ xattrs, \d+ extents, [1-9]\d* pclusters/);
});

t.test('damage: exit 4, a line for each finding with nid and offset, and the verdict', async (t) => {
  const { path, nid, offset } = damaged();
  const said = await erofs(['verify', path]);
  t.match(said, { status: 4, stderr: '' });
  const [error, warning, verdict, ...more] = said.stdout.split('\n');
  t.equal(
    error,
    `$'/x\\n': inode ${nid}: no links, but a name (nid ${nid}, offset 0x${offset.toString(16)})`,
  );
  t.match(warning, /^\/w: warning: inode \d+: 2 links, 1 were found \(nid \d+, offset 0x[0-9a-f]+\)$/);
  t.match(verdict, /: checked 3 inodes, 1 directories, .*: 1 error, 1 warning$/);
  t.same(more, ['']);
});

t.test('--json: one object, every field of it', async (t) => {
  const { path, nid, offset } = damaged();
  const said = await erofs(['verify', '--json', path]);
  t.equal(said.status, 4, describeRun(said));
  const report = JSON.parse(said.stdout);
  t.match(report, { clean: false, errors: 1, warnings: 1, unreported: 0 });
  t.same(report.checked, {
    inodes: 3,
    directories: 1,
    xattrs: 0,
    extents: 3,
    pclusters: 0,
    decoded_bytes: 0,
  });
  t.same(report.findings[0], {
    severity: 'error',
    code: 'nlink-zero',
    path: '/x%0A',
    nid: `${nid}`,
    offset,
    message: `inode ${nid}: no links, but a name`,
  });
  const clean = await erofs(['verify', '--json', fixture('plain').image]);
  t.match(JSON.parse(clean.stdout), { clean: true, errors: 0, warnings: 0, findings: [] });
});

t.test('--quiet and --limit', async (t) => {
  const { path } = damaged();
  t.match(await erofs(['verify', '--quiet', path]), { status: 4, stdout: '', stderr: '' });
  const { stdout } = await erofs(['verify', '--limit', '1', path]);
  t.match(stdout, /^[^\n]*\n[^\n]*: 1 error, 1 warning \(1 not printed\)\n$/);
});

t.test('output that cannot be written: exit 8 and one line', async (t) => {
  const full = openSync('/dev/full', 'w');
  t.teardown(() => closeSync(full));
  const files = Object.fromEntries(
    Array.from({ length: 900 }, (_, i) => [`${'n'.repeat(60)}${i}`, file('x', { nlink: 0 })]),
  );
  const path = scratch.file('many.erofs');
  writeImage({ root: directory(files) }).save(path);
  const child = spawn(process.execPath, [command, 'verify', path], { stdio: ['ignore', full, 'pipe'] });
  let complaints = '';
  child.stderr?.on('data', (text) => {
    complaints += text;
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  t.equal(status, 8);
  t.match(complaints, /^erofs verify: writing to standard output: ENOSPC[^\n]*\n$/);
});

t.test('warnings alone are exit 0', async (t) => {
  const path = scratch.file('warned.erofs');
  writeImage({ root: directory({ w: file('w', { nlink: 2 }) }) }).save(path);
  t.match(await erofs(['verify', path]), { status: 0, stdout: /0 errors, 1 warning\n$/ });
});

t.test('an image too damaged to be opened: exit 4', async (t) => {
  const bytes = imageBytes('plain');
  bytes[1024] = 0;
  const said = await erofs(['verify', scratch.file('magic.erofs', bytes)]);
  t.match(said, {
    status: 4,
    stdout: /magic at byte 1024 is .*\n.*: cannot be opened: 1 error/,
    stderr: '',
  });
  const short = await erofs(['verify', '--json', scratch.file('short.erofs', bytes.slice(0, 1100))]);
  t.match(JSON.parse(short.stdout), { clean: false, checked: null, findings: [{ code: 'unopenable' }] });
});

t.test('with a proof: bytes other than the proven ones are damage', async (t) => {
  const bytes = imageBytes('plain');
  const image = scratch.file('proven.erofs', bytes);
  const digest = (await erofs(['digest', '--compact', image])).stdout.trim();
  const words = ['--fsverity-digest', `sha256:${digest}`, '--cache-dir', scratch.folder()];
  t.match(await erofs(['verify', ...words, image]), { status: 0, stdout: /clean\n$/ });
  // a byte of a file's data, which nothing but the digest covers
  bytes[bytes.length - 5]! ^= 1;
  const other = scratch.file('other.erofs', bytes);
  t.match(await erofs(['verify', other]), { status: 0 }, 'without the proof nothing is seen');
  t.match(await erofs(['verify', '--json', ...words, other]), { status: 4, stdout: /"code":"integrity"/ });
});

t.test('a wrong checksum does not hide what lies behind it', async (t) => {
  const x = file('x', { nlink: 0 });
  const image = writeImage({ root: directory({ x }), metaBlock: 1 });
  image.bytes.write(1024 + 64, Buffer.from('another label'));
  const path = scratch.file('checksum.erofs');
  image.save(path);
  const { status, stdout } = await erofs(['verify', '--json', path]);
  t.equal(status, 4);
  t.same(
    JSON.parse(stdout).findings.map(({ code }: { code: string }) => code),
    ['superblock-checksum', 'nlink-zero'],
  );
});

t.test('what could not be checked: exit 8, wrong usage: exit 16', async (t) => {
  const missing = await erofs(['verify', '/no/such.erofs']);
  t.match(missing, { status: 8, stdout: '', stderr: /^erofs verify: \/no\/such\.erofs: no such file/ });
  const device = await erofs(['verify', fixture('blobdev').image]);
  t.match(device, { status: 8, stderr: /^erofs verify: .*extra device/ });
  const unknown = imageBytes('plain');
  unknown[1024 + 0x50 + 1] = 0x80;
  unknown[1024 + 8]! &= ~1;
  const future = await erofs(['verify', scratch.file('future.erofs', unknown)]);
  t.match(future, { status: 8, stderr: /^erofs verify: / });
  for (const words of [[], ['a', 'b'], ['a', '--nope'], ['a', '--limit', 'x'], ['a', '--offset', '-1']]) {
    t.match(await erofs(['verify', ...words]), { status: 16, stdout: '', stderr: /^erofs verify: / });
  }
});

t.test('the manual names every code of a finding', async (t) => {
  const manual = readFileSync(`${packageRoot}/man/erofs-verify.1`, 'utf8').replaceAll('\\-', '-');
  for (const code of Object.keys(SEVERITIES)) t.match(manual, new RegExp(`\\b${code}\\b`), code);
});
