import { join } from 'node:path';
import t from 'tap';
import type { ImageSummary } from '../../src/commands/image-summary.js';
import { allFixtures, asCommandOptions, fixture } from '../support/fixture.js';
import { expectedManifest } from '../support/opened.js';
import { images } from '../support/paths.js';
import { erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { withSuperblock } from '../support/superblock.js';

async function summaryOf(name: string): Promise<ImageSummary> {
  const { image, options } = fixture(name);
  const said = await erofs(['info', '--json', ...asCommandOptions(options), image]);
  t.match(said, { status: 0, stderr: '' }, name);
  return JSON.parse(said.stdout) as ImageSummary;
}

interface ManifestFields {
  readonly mode: string;
  readonly size?: number;
  readonly same_inode_as?: string;
}

/** The inodes of a manifest: hard links once. */
function inodesOf(name: string): ManifestFields[] {
  const entries = Object.entries(expectedManifest(fixture(name)) as Record<string, ManifestFields>);
  return entries
    .filter(([path, { same_inode_as }]) => (same_inode_as ?? path) === path)
    .map(([, fields]) => fields);
}

t.test('counts and sizes are those of the tree', async (t) => {
  for (const name of ['plain', 'lz4', 'chunk4k', 'lz4-fragments', 'merged', 'offset8192']) {
    const summary = await summaryOf(name);
    const inodes = inodesOf(name);
    const files = inodes.filter(({ mode }) => (Number.parseInt(mode, 8) & 0o170000) === 0o100000);
    const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
    t.equal(sum(summary.types), inodes.length, `${name}: inodes by type`);
    t.equal(sum(summary.layouts), inodes.length, `${name}: inodes by layout`);
    t.equal(summary.types['regular file'], files.length, `${name}: files`);
    t.equal(
      summary.file_bytes,
      files.reduce((all, { size }) => all + size!, 0),
      `${name}: bytes of files`,
    );
    t.equal(summary.ratio, summary.stored_bytes / summary.file_bytes);
  }
});

t.test('the superblock and its features, by name', async (t) => {
  const plain = await summaryOf('plain');
  t.match(plain, {
    block_size: 4096,
    blocks: 337,
    inodes: 176,
    uuid: /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/,
    features: { compatible: ['sb_chksum', 'mtime', 'xattr_filter'], incompatible: [] },
    devices: [],
    algorithms: {},
  });
  t.equal(plain.plain_bytes + plain.hole_bytes, plain.file_bytes, 'nothing but plain bytes and holes');
  t.match(await summaryOf('lz4-dedupe-fragments-ztail'), {
    features: { incompatible: ['zero_padding', 'compr_cfgs/big_pcluster', 'fragments/dedupe'] },
  });
  t.match(await summaryOf('merged'), { devices: [{ tag: /^[0-9a-f]{32}$/ }, { tag: /^[0-9a-f]{32}$/ }] });
  t.not((await summaryOf('label')).volume_name, '');
});

t.test('what the superblock tells of compression, special inodes, devices and times', async (t) => {
  const data = await summaryOf('metabox-zstd-lz4-data');
  t.match(data, {
    extension_slots: 1,
    root_nid: '0 (metabox)',
    packed_nid: null,
    metabox_nid: /^\d+$/,
    checksum: /^0x[0-9a-f]{8}$/,
    compression: [
      { algorithm: 'LZ4', window_bytes: 65535 },
      { algorithm: 'ZSTD', max_pcluster_bytes: null },
    ],
    metabox_algorithms: { ZSTD: { pclusters: Number } },
  });
  t.ok(data.epoch < data.build_time, 'an epoch of its own');
  const lzma = (await summaryOf('lzma-c1m-dict')).compression[0]!;
  t.equal(lzma.algorithm, 'LZMA');
  t.ok(Number.isInteger(Math.log2(lzma.window_bytes)), `dictionary of ${lzma.window_bytes} bytes`);
  t.match(await summaryOf('deflate'), { compression: [{ algorithm: 'DEFLATE', window_bytes: 32768 }] });
  t.match(await summaryOf('lz4-c64k'), { compression: [{ algorithm: 'LZ4', max_pcluster_bytes: 65536 }] });
  t.match(await summaryOf('v15-legacy'), { compression: [{ algorithm: 'LZ4', max_pcluster_bytes: 4096 }] });
  t.match(await summaryOf('lz4-all-fragments'), { packed_nid: /^\d+$/, metabox_nid: null });
  const blob = await summaryOf('blobdev');
  t.equal(blob.blocks - blob.primary_blocks, blob.devices[0]!.blocks, 'blocks of all devices');
  t.ok((await summaryOf('metazone')).metadata_offset > 0, 'a metadata zone');
});

t.test('long xattr prefixes, by the place of their table', async (t) => {
  t.equal((await summaryOf('plain')).xattr_prefixes, null);
  const found = (await summaryOf('xattr-prefix')).xattr_prefixes!;
  t.equal(found.place, 'image');
  t.ok(
    found.prefixes.length > 0 && found.prefixes.every((prefix) => /^(user|trusted|security)\./.test(prefix!)),
  );
});

t.test('indexes and chunk tables by kind', async (t) => {
  const kinds: Record<string, RegExp> = {
    lz4: /^compact-2b$/,
    'lz4-legacy-compress': /^full$/,
    '48bit-lz4': /^extents-4b$/,
    chunk4k: /^block-map$/,
    blobdev: /^chunk-indexes$/,
    'lz4-all-fragments': /^(whole-fragment|compact-2b)$/,
  };
  for (const [name, pattern] of Object.entries(kinds)) {
    const { indexes } = await summaryOf(name);
    t.ok(Object.keys(indexes).length > 0, `${name}: some`);
    t.same(
      Object.keys(indexes).filter((kind) => !pattern.test(kind)),
      [],
      name,
    );
  }
});

t.test('a superblock with odd content is told without harm', async (t) => {
  const scratch = new Scratch(t);
  const bytes = withSuperblock('plain', (superblock) => {
    superblock.setBigInt64(0x18, 2n ** 52n, true);
    superblock.setUint32(0x08, superblock.getUint32(0x08, true) | 0x40000000, true);
    for (const [i, byte] of [...Buffer.from('a\x1b[2Jb')].entries()) superblock.setUint8(0x40 + i, byte);
  });
  const { status, stdout } = await erofs(['info', scratch.file('odd.erofs', bytes)]);
  t.equal(status, 0);
  t.match(stdout, /^built +@\d+$/m);
  t.match(stdout, /^compatible .*\b0x40000000$/m, 'unknown compatible bits in hex');
  t.match(stdout, /^volume name +\$'a\\e\[2Jb'$/m, 'no control characters');
});

t.test('compression by algorithm, fragments and dedupe counted once', async (t) => {
  const { LZ4 } = (await summaryOf('lz4')).algorithms;
  t.ok(LZ4 && LZ4.pclusters > 100 && LZ4.encoded_bytes === LZ4.pclusters * 4096, 'one block a pcluster');
  t.ok(LZ4 && LZ4.decoded_bytes > LZ4.encoded_bytes);
  const [single, shared] = [await summaryOf('lz4-c64k'), await summaryOf('lz4-dedupe')];
  t.ok(shared.algorithms.LZ4!.encoded_bytes < single.algorithms.LZ4!.encoded_bytes, 'shared pclusters once');
  const fragments = await summaryOf('lz4-all-fragments');
  t.ok(fragments.fragment_bytes > 0 && fragments.algorithms.LZ4!.pclusters > 0, 'the packed inode counts');
});

t.test('for people: one fact a line', async (t) => {
  const { stdout } = await erofs(['info', join(images, 'lz4.erofs')]);
  t.match(stdout, /^image +\S+\/lz4\.erofs$/m);
  t.match(stdout, /^blocks +\d+ of 4096 bytes \(820 KiB\)$/m);
  t.match(stdout, /^incompatible +zero_padding$/m);
  t.match(stdout, /^LZ4 +\d+ pclusters, \S+ [KM]iB in \S+ [KM]iB \(\d+\.\d %\)$/m);
  t.match(stdout, /^ratio +\d+\.\d % of the file data$/m);
});

t.test('every fixture can be described', async (t) => {
  for (const { name, image, options } of allFixtures.filter(
    ({ name }, i) => !name.startsWith('wide') && (i % 12 === 0 || process.env.FIXTURES === 'all'),
  )) {
    const said = await erofs(['info', ...asCommandOptions(options), image]);
    t.match(said, { status: 0, stderr: '' }, name);
  }
});
