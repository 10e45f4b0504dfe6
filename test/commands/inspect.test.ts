/** `erofs inspect`: what an image is made of, told from its documents alone, also of one that cannot be mounted. */
import t from 'tap';
import { Customer, imageAt, pusherOf } from '../support/container.js';
import { indexApart, packed, withTree } from '../support/container-layers.js';
import { writeImage } from '../support/image-writer.js';
import { directory, file } from '../support/image-writer-node.js';
import { makeLayout } from '../support/layout.js';
import { RegistryServer, withoutRegistry } from '../support/registry.js';
import { described, type LayerToPush, MEDIA_TYPES, sha256 } from '../support/registry-push.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const image = writeImage({ root: directory({ name: file('inspected') }) }).bytes.toBytes();

t.test('an image of a registry', { skip: withoutRegistry() }, async (t) => {
  const registry = await RegistryServer.start(t, scratch);
  const pusher = pusherOf(registry);
  const customer = new Customer(scratch);
  const layers: readonly LayerToPush[] = [
    { bytes: image },
    ...indexApart(image),
    { ...packed(image)[0]!, annotations: { 'org.erofs.role': 'overlay-lower' } },
    ...withTree(image),
  ];
  const [amd64, arm64] = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
  const mine = await pusher.image({ layers, config: amd64! });
  const other = await pusher.image({ layers: [{ bytes: image }], config: arm64! });
  const index = await pusher.index(
    [
      { ...described(other), platform: arm64 },
      { ...described(mine), platform: { ...amd64, 'os.features': ['erofs'] } },
    ],
    'all',
  );
  const name = imageAt(registry, 'all');
  const asked = registry.requests().length;
  const told = await customer.erofs('inspect', ['--json', '--platform', 'linux/amd64', name]);
  t.match(told, { status: 0, stderr: '' });
  const [plain, indexed, , whole, tree] = layers.map(({ bytes, mediaType = MEDIA_TYPES.erofs }) => ({
    ...{ digest: sha256(bytes), size: bytes.length, media_type: mediaType, notes: [] },
  }));
  t.same(JSON.parse(told.stdout), {
    name: name.slice('oci://'.length),
    digest: mine.digest,
    media_type: MEDIA_TYPES.manifest,
    platform: 'linux/amd64 (erofs)',
    platforms: [
      { platform: 'linux/arm64', digest: other.digest, size: other.size, chosen: false },
      { platform: 'linux/amd64 (erofs)', digest: mine.digest, size: mine.size, chosen: true },
    ],
    layers: [
      { ...plain, role: 'layer', guarantee: 'digest', packed: false },
      { ...indexed, role: 'layer', guarantee: 'chunk-index', packed: false },
      { ...whole, role: 'layer', guarantee: 'digest', packed: true },
      { ...tree, role: 'layer', guarantee: 'dm-verity', packed: false },
    ],
    notes: [],
    obstacle: null,
  });
  const digests = layers.map(({ bytes }) => sha256(bytes));
  const blobs = registry
    .requests()
    .slice(asked)
    .filter(({ path }) => digests.some((digest) => path.includes(digest)));
  t.same(blobs, [], 'no layer is asked for');

  const { stdout } = await customer.erofs('inspect', ['--platform', 'linux/amd64', name]);
  const lines = stdout.split('\n');
  t.equal(lines[0], name.slice('oci://'.length));
  t.ok(lines.includes(`  manifest  ${mine.digest} (${MEDIA_TYPES.manifest})`));
  t.ok(lines.includes(`    * linux/amd64 (erofs)  ${mine.digest}`), 'the platform that is taken');
  t.ok(lines.includes(`      linux/arm64  ${other.digest}`), 'and the other one');
  t.match(
    stdout,
    new RegExp(`\\n {4}3 {2}${whole!.digest} .*\\n.*\\n +fetched whole before anything of it can be read\\n`),
  );
  t.match(stdout, /\n {2}can be mounted\n$/);
  const pinned = await customer.erofs('inspect', [
    imageAt(registry, `@${index.digest}`),
    '--platform',
    'linux/arm64',
  ]);
  t.match(pinned, { status: 0, stdout: new RegExp(`\\n {2}manifest {2}${other.digest} `) }, 'by a digest');
});

t.test('an image that cannot be mounted', async (t) => {
  const tar = { bytes: Buffer.alloc(10_240), mediaType: `${MEDIA_TYPES.tar}+gzip` };
  const { folder } = makeLayout(scratch, [{ layers: [tar, { bytes: image }] }]);
  const customer = new Customer(scratch);
  const { status, stdout } = await customer.erofs('inspect', [`oci-layout:${folder}`]);
  t.equal(status, 0);
  t.match(stdout, /\n {2}cannot be mounted: layer 1 of 2 [^\n]* is a tar archive [^\n]*--tar-index\n$/);
  const told = JSON.parse((await customer.erofs('inspect', ['--json', `oci-layout:${folder}`])).stdout);
  t.match(told.obstacle, /is a tar archive/);
  t.match(told.platforms, [{ platform: 'linux/amd64', chosen: true }]);
  t.same(told.layers[0], {
    ...{ digest: sha256(tar.bytes), size: 10_240, media_type: tar.mediaType, notes: [] },
    ...{ role: null, guarantee: null, packed: null },
  });
});
