import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import t from 'tap';
import type { ExtentObject } from '../../src/report/extent-object.js';
import type { OnDiskStructure } from '../../src/report/on-disk-field.js';
import { asCommandOptions, fixture } from '../support/fixture.js';
import { readManifest } from '../support/manifest.js';
import { describeRun, erofs, run } from '../support/run.js';

async function dumped<T>(name: string, ...words: string[]): Promise<T[]> {
  const { image, options } = fixture(name);
  const said = await erofs(['dump', '--json', ...asCommandOptions(options), image, ...words]);
  t.match(said, { status: 0, stderr: '' }, describeRun(said));
  return said.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const fieldOf = ({ fields }: OnDiskStructure, name: string) =>
  fields.find((field) => field.name === name)?.value;

t.test('numbers are the bytes that stand there', async (t) => {
  for (const [name, words] of [
    ['lz4', []],
    ['deflate-c64k-frag', []],
    ['merged', []],
    ['48bit-lz4', ['inode', '/data/text.bin']],
    ['plain', ['inode', '/xattr/caps']],
  ] as const) {
    const file = openSync(fixture(name).image, 'r');
    t.teardown(() => closeSync(file));
    for (const { name: structure, offset, fields } of await dumped<OnDiskStructure>(name, ...words)) {
      t.equal(fields[0]!.offset >= offset, true, structure);
      for (const field of fields.filter(({ value }) => typeof value === 'number')) {
        const bytes = Buffer.alloc(field.size);
        readSync(file, bytes, 0, field.size, field.offset);
        t.equal(bytes.readUIntLE(0, field.size), field.value, `${name}: ${structure} ${field.name}`);
      }
    }
  }
});

t.test('structures that the image has', async (t) => {
  const names = async (name: string, ...words: string[]) =>
    (await dumped<OnDiskStructure>(name, ...words)).map((structure) => structure.name);
  t.same(await names('deflate-c64k-frag'), ['struct erofs_super_block', 'struct z_erofs_deflate_cfgs']);
  t.same(await names('merged'), [
    'struct erofs_super_block',
    'struct erofs_deviceslot',
    'struct erofs_deviceslot',
  ]);
  t.same(await names('plain', 'inode', '/xattr/caps'), [
    'struct erofs_inode_compact',
    'struct erofs_xattr_ibody_header',
  ]);
  t.same(await names('lz4-nocompact-extended', 'inode', '/data/text.bin'), [
    'struct erofs_inode_extended',
    'struct z_erofs_map_header',
  ]);
  const [metabox] = await dumped<OnDiskStructure>('metabox-lz4', 'nid', '36 (metabox)');
  t.match(metabox, { place: 'metabox', offset: 36 * 32 });
});

t.test('what the manifest and stat say of the same inode', async (t) => {
  const [superblock] = await dumped<OnDiskStructure>('plain');
  t.equal(fieldOf(superblock!, 'inos'), '176');
  t.equal(fieldOf(superblock!, 'uuid'), '11111111-2222-3333-4444-555555555555');
  const { size, uid } = readManifest(fixture('plain-extended').manifest)['data/text.bin']!;
  const stat = await erofs(['stat', '--json', fixture('plain-extended').image, '/data/text.bin']);
  const byNid = await dumped<OnDiskStructure>('plain-extended', 'nid', JSON.parse(stat.stdout).nid);
  const byPath = await dumped<OnDiskStructure>('plain-extended', 'inode', '/data/text.bin');
  t.same(byNid, byPath);
  t.equal(fieldOf(byPath[0]!, 'i_size'), String(size));
  t.equal(fieldOf(byPath[0]!, 'i_uid'), uid);
});

const noDump =
  spawnSync('dump.erofs', ['--help']).error === undefined ? false : 'needs dump.erofs (erofs-utils)';

t.test('extents are those of dump.erofs', { skip: noDump }, async (t) => {
  for (const name of ['v15-lz4hc-c64k', 'v15-plain', 'v15-legacy']) {
    const theirs = await run('dump.erofs', ['--path=/data/text.bin', '-e', fixture(name).image]);
    // "   0:        0..   65535 |   65536 :     32768..    65535 |   32768"
    const expected = [...theirs.stdout.matchAll(/^ *\d+: +(\d+)\.\. *(\d+) .*: +(\d+)\.\./gm)].map((found) =>
      found.slice(1).map(Number),
    );
    t.ok(expected.length > 0, theirs.stdout);
    const ours = await dumped<ExtentObject>(name, 'extents', '/data/text.bin');
    // what stands behind the inode is told in another way there
    const stored = ours.filter(({ kind }) => kind !== 'inline');
    t.same(
      stored.map(({ start, length, offset }) => [start, start + length, offset]),
      expected.slice(0, stored.length),
      name,
    );
  }
});

t.test('extents follow one another to the end of the file', async (t) => {
  for (const name of ['lz4-fragments', 'chunk4k', 'lz4-ztailpacking', 'plain', 'blobdev']) {
    const { size } = readManifest(fixture(name).manifest)['data/mixed.bin']!;
    let end = 0;
    for (const { start, length } of await dumped<ExtentObject>(name, 'extents', '/data/mixed.bin')) {
      t.equal(start, end);
      end = start + length;
    }
    t.equal(end, size, name);
  }
});

t.test('for people', async (t) => {
  const { image } = fixture('lz4');
  const superblock = await erofs(['dump', image]);
  t.match(
    superblock.stdout,
    /^struct erofs_super_block at 0x400\n {5}0x400 {2}magic +3774210530 \(0xe0f5e1e2\)\n/,
  );
  t.match(superblock.stdout, /feature_incompat +1 \(0x1 zero_padding\)\n/);
  const extents = await erofs(['dump', image, 'extents', '/data/text.bin']);
  t.match(extents.stdout, /^ +0x0 \+ \d+ +LZ4 pcluster of 4096 bytes at 0x[0-9a-f]+ \(\d+\.\d %\)\n/);
});

t.test('wrong usage', async (t) => {
  const { image } = fixture('lz4');
  for (const words of [['inode'], ['superblock', '/'], ['nid', 'x'], ['nonsense']]) {
    const said = await erofs(['dump', image, ...words]);
    t.match(said, { status: 2, stdout: '', stderr: /^erofs dump: [^\n]*\n/ }, describeRun(said));
  }
});
