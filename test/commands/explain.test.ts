import t from 'tap';
import type { Explanation } from '../../src/report/explanation.js';
import { asCommandOptions, fixture } from '../support/fixture.js';
import { mountByKernel, noKernel } from '../support/kernel.js';
import { Nginx, withoutNginx } from '../support/nginx.js';
import { publish } from '../support/remote-images.js';
import { describeRun, erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);

async function explained(name: string, path: string, ...words: string[]): Promise<Explanation> {
  const { image, options } = fixture(name);
  const said = await erofs(['explain', '--json', ...asCommandOptions(options), ...words, image, path]);
  t.match(said, { status: 0, stderr: '' }, describeRun(said));
  return JSON.parse(said.stdout) as Explanation;
}

t.test('extents add up to the file', async (t) => {
  for (const [name, path] of [
    ['lz4', '/data/text.bin'],
    ['plain', '/data/mixed.bin'],
    ['lz4-ztailpacking', '/data/text.bin'],
    ['chunk4k', '/data/sparse.bin'],
    ['lz4-fragments', '/data/mixed.bin'],
  ] as const) {
    const { size, extents, algorithms, ...sums } = await explained(name, path);
    const coded = Object.values(algorithms).reduce((sum, { decoded_bytes }) => sum + decoded_bytes, 0);
    const { hole_bytes, plain_bytes, inline_bytes, fragment_bytes } = sums;
    t.equal(coded + hole_bytes + plain_bytes + inline_bytes + fragment_bytes, size, name);
    t.equal(
      extents.reduce((sum, { length }) => sum + length, 0),
      size,
      name,
    );
  }
});

t.test('each way to store a file', async (t) => {
  const lz4 = await explained('lz4', '/data/text.bin');
  t.match(lz4, {
    layout: 'compressed-compact',
    format: 'compact',
    verified: [{ by: 'not verified' }],
    remote: null,
  });
  // 18 blocks, as the kernel's st_blocks says; the last one does not get smaller, and is stored plain
  t.match(lz4.algorithms, { LZ4: { pclusters: 17, encoded_bytes: 17 * 4096, decoded_bytes: 89_505 } });
  t.equal(lz4.plain_bytes, 495);
  t.equal(lz4.stored_bytes, 18 * 4096 + lz4.inode_bytes);
  t.ok((await explained('chunk4k', '/data/sparse.bin')).hole_bytes > 0);
  t.equal((await explained('chunk4k', '/data/sparse.bin')).chunk_size, 4096);
  const fragment = (await explained('lz4-all-fragments', '/data/text.bin')).extents[0]!;
  t.match(fragment, {
    kind: 'fragment',
    place: 'packed inode',
    within: [{ kind: 'pcluster', algorithm: 'LZ4' }],
  });
  t.match((await explained('blobdev', '/data/text.bin')).extents[0], { place: 'device', device: 1 });
  t.match(await explained('metabox-lz4', '/data/text.bin'), { inode_place: 'metabox', nid: /\(metabox\)$/ });
  t.match((await explained('plain', '/xattr/user')).extents, [{ kind: 'inline', length: 1 }]);
});

t.test('for people', async (t) => {
  const { image } = fixture('lz4');
  const said = await erofs(['explain', '--extents', '2', image, '/data/text.bin']);
  t.match(said, { status: 0, stderr: '' }, describeRun(said));
  t.match(said.stdout, /^path {8}\/data\/text\.bin\ntype {8}regular file, 90000 bytes, 1 link\n/);
  t.match(said.stdout, /\n {12}LZ4: 87\.4 KiB in 17 pclusters of 68\.0 KiB \(77\.8 %\)\n/);
  t.match(said.stdout, /\nextents {5}18\n(?: {2}[^\n]*\n){2} {2}and 16 more; --extents N lists more\n$/);
  const wrong = await erofs(['explain', '--extents', 'x', image, '/']);
  t.match(wrong, { status: 2, stdout: '', stderr: /^erofs explain: --extents: expected a number/ });
});

t.test('a path below a mount', { skip: noKernel ?? false }, async (t) => {
  const { mountpoint } = await mountByKernel(t, scratch, fixture('lz4'));
  const byMount = await erofs(['explain', '--json', `${mountpoint}/data/text.bin`]);
  t.match(byMount, { status: 0, stderr: '' }, describeRun(byMount));
  t.strictSame(
    { ...JSON.parse(byMount.stdout), verified: [] },
    { ...(await explained('lz4', '/data/text.bin')), verified: [] },
  );
  const nowhere = await erofs(['explain', '/proc/self/status']);
  t.match(nowhere, { status: 1, stdout: '', stderr: /lies in a mount of type proc, none of an EROFS image/ });
  const absent = await erofs(['explain', `${mountpoint}/nope`]);
  t.match(absent, { status: 1, stdout: '', stderr: /no such file or directory/ });
});

t.test('what a read would fetch', { skip: withoutNginx() }, async (t) => {
  const nginx = await Nginx.start(t, scratch);
  const image = fixture('noinline');
  publish(image, nginx.folder);
  const url = nginx.url('noinline.erofs');
  const cache = ['--cache-dir', scratch.folder('self', 'cache'), '--readahead', '0'];
  const path = '/data/text.bin';
  const cost = async () => {
    const said = await erofs(['explain', '--json', ...cache, url, path]);
    t.match(said, { status: 0 }, describeRun(said));
    return (JSON.parse(said.stdout) as Explanation).remote!;
  };
  const before = await cost();
  t.ok(before.bytes >= 90_000 && before.bytes % 65_536 === 0, `${before.bytes} bytes of whole chunks`);
  t.equal(before.cached_bytes + before.fetch_bytes, before.bytes);
  t.ok(before.fetch_bytes > 0 && before.requests >= 1);
  t.equal((await erofs(['cat', ...cache, url, path])).status, 0);
  t.match(await cost(), { cached_bytes: before.bytes, fetch_bytes: 0, requests: 0 });
});
