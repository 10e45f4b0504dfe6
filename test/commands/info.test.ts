import { join } from 'node:path';
import t from 'tap';
import type { ImageSummary } from '../../src/commands/image-summary.js';
import { allFixtures, asCommandOptions, fixture } from '../support/fixture.js';
import { expectedManifest } from '../support/opened.js';
import { images } from '../support/paths.js';
import { erofs } from '../support/run.js';

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
  t.match(stdout, /^blocks +\d+ of 4096 bytes \(820\.0 KiB\)$/m);
  t.match(stdout, /^incompatible +zero_padding$/m);
  t.match(stdout, /^LZ4 +\d+ pclusters, \S+ [KM]iB in \S+ [KM]iB \(\d+\.\d %\)$/m);
  t.match(stdout, /^ratio +\d+\.\d % of the file data$/m);
});

t.test('every fixture can be described', async (t) => {
  for (const { name, image, options } of allFixtures.filter(({ name }) => !name.startsWith('wide'))) {
    const said = await erofs(['info', ...asCommandOptions(options), image]);
    t.match(said, { status: 0, stderr: '' }, name);
  }
});
