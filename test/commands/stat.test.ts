import t from 'tap';
import { fixture } from '../support/fixture.js';
import { readManifest } from '../support/manifest.js';
import { describeRun, erofs } from '../support/run.js';

const plain = fixture('plain');
const manifest = readManifest(plain.manifest);

t.test('for people', async (t) => {
  const said = await erofs(['stat', plain.image, '/times/negative']);
  t.equal(said.status, 0, describeRun(said));
  const lines = said.stdout.split('\n');
  t.equal(lines[0], '  File: /times/negative');
  t.match(lines[1], /^ {2}Size: 1 {2}Blocks: \d+ {2}IO Block: 4096 {2}regular file$/);
  t.match(lines[2], /^ Inode: \d+ {2}Links: 1$/);
  t.match(lines[3], /^ {3}Nid: \d+ {2}Format: extended {2}Layout: flat-inline$/);
  t.equal(lines[4], 'Access: (0644/-rw-r--r--)  Uid: 0  Gid: 0');
  t.equal(lines[5], 'Modify: 1969-12-31T00:00:00.000000005Z');
});

t.test('links, devices and attributes', async (t) => {
  const link = await erofs(['stat', plain.image, '/sym-short']);
  t.match(link.stdout, /^ {2}File: \/sym-short -> sizes\/text-12345\n.*symbolic link\n/);
  const device = await erofs(['stat', plain.image, '/special/bigminor']);
  t.match(device.stdout, /block device\n.* Device type: 259,70000\n/);
  const attributes = await erofs(['stat', plain.image, '/xattr/user']);
  t.match(attributes.stdout, /\n Xattr: user.a=1\n/);
});

t.test('as JSON', async (t) => {
  const { sha256: _, ...expected } = manifest['xattr/caps']!;
  const said = await erofs(['stat', '--json', plain.image, '/xattr/caps']);
  t.equal(said.status, 0, describeRun(said));
  const { path, ino, nid, blocks, block_size, format, layout, ...fields } = JSON.parse(said.stdout);
  t.same(fields, expected, 'the fields of the manifest');
  t.match(
    { path, blocks, block_size, format },
    { path: '/xattr/caps', blocks: 8, block_size: 4096, format: 'compact' },
  );
  t.equal(String(ino), nid);
  t.equal(layout, 'flat-inline');
});

t.test('layouts have the names of the format', async (t) => {
  for (const [name, path, layout] of [
    ['chunk4k', '/data/text.bin', 'chunk-based'],
    ['lz4', '/data/text.bin', 'compressed-compact'],
    ['v15-legacy', '/data/text.bin', 'compressed-full'],
    ['noinline', '/data/text.bin', 'flat-plain'],
  ] as const) {
    const said = await erofs(['stat', '--json', fixture(name).image, path]);
    t.equal(JSON.parse(said.stdout).layout, layout, name);
  }
});

t.test('what is not there', async (t) => {
  const said = await erofs(['stat', plain.image, '/nope']);
  t.equal(said.status, 1);
  t.match(said.stderr, /^erofs stat: \/nope: the image has no nope there[^\n]*\n$/);
});
