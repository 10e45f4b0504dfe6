/** Commands that are given a container image: facts of each layer, its digest held against it, and what fails said in a line. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Customer, flipStored, imageAt, inside, pusherOf } from '../support/container.js';
import { indexInside, packed, withTree } from '../support/container-layers.js';
import { freePort } from '../support/free-port.js';
import { writeImage } from '../support/image-writer.js';
import { blobName, makeLayout } from '../support/layout.js';
import { shownOfThree, threeLayers } from '../support/merged-layers.js';
import { RegistryServer, withoutRegistry } from '../support/registry.js';
import { MEDIA_TYPES, sha256 } from '../support/registry-push.js';
import { describeRun } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
t.jobs = 3;
const [low, middle, top] = threeLayers.map((root) => writeImage({ root }).bytes.toBytes()) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const LAYERS = [{ bytes: low }, ...indexInside(middle), ...withTree(top)];

t.test('what commands say of an image', { skip: withoutRegistry(), buffered: true }, async (t) => {
  const registry = await RegistryServer.start(t, scratch);
  await pusherOf(registry).image({ layers: LAYERS }, 'three');
  const customer = new Customer(scratch);
  const image = imageAt(registry, 'three');
  const names = LAYERS.map(({ bytes }) => `${registry.host}/team/app@${sha256(bytes)}`);
  const objects = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  const cat = await customer.erofs('cat', [image, '/merged/both', '/back']);
  t.match(cat, { status: 0, stdout: 'topagain', stderr: '' });
  const stat = await customer.erofs('stat', ['--json', image, '/changed']);
  t.equal(JSON.parse(stat.stdout).layer, names[1], 'the layer that shows it');
  const info = await customer.erofs('info', ['--json', image]);
  t.match(objects(info.stdout), [
    { image: names[0], guarantees: ['digest'], proofs: [{ trust: 'none' }] },
    { image: names[1], guarantees: ['chunk-index'] },
    { image: names[2], proofs: [{ kind: 'dm-verity', trust: 'pinned' }] },
  ]);
  const text = (await customer.erofs('info', [image])).stdout;
  t.match(text, /^verified +against its digest once all of it is here$/m);
  t.match(text, /^verified +each chunk verified before it is kept/m);
  const verified = await customer.erofs('verify', ['--json', image]);
  t.match(verified, { status: 0, stderr: '' });
  t.match(
    objects(verified.stdout),
    names.map((image) => ({ image, clean: true })),
  );
  const target = join(scratch.folder(), 'tree');
  t.match(await customer.erofs('extract', ['--devices', image, target]), { status: 0, stderr: '' });
  for (const [path, data] of Object.entries(shownOfThree)) {
    t.ok(readFileSync(join(target, path)).equals(Buffer.from(data)), path);
  }
});

t.test('pull, and no network', { skip: withoutRegistry(), buffered: true }, async (t) => {
  const registry = await RegistryServer.start(t, scratch);
  await pusherOf(registry).image({ layers: [...LAYERS, ...packed(low)] }, 'four');
  const customer = new Customer(scratch);
  const image = imageAt(registry, 'four');
  t.match(await customer.erofs('pull', ['--json', image]), { status: 0, stderr: /is packed as a whole/ });
  const again = await customer.erofs('pull', ['--json', image]);
  t.match(JSON.parse(again.stdout), { fetched: 0 }, 'all of it is here');
  await registry.stop();
  const shown = await customer.erofs('cat', ['--offline', image, '/kept']);
  t.match(shown, { status: 0, stdout: 'base', stderr: '' });
});

t.test('wrong bytes are damage', { skip: withoutRegistry(), buffered: true }, async (t) => {
  const registry = await RegistryServer.start(t, scratch);
  const large = shownOfThree.large as Uint8Array;
  for (const [name, layers] of Object.entries({
    plain: [{ bytes: low }],
    chunks: indexInside(low),
    tree: withTree(low),
  })) {
    await pusherOf(registry, name).image({ layers }, 'one');
    flipStored(registry, sha256(layers[0]!.bytes), inside(large));
    const image = imageAt(registry, 'one', name);
    const found = await new Customer(scratch).erofs('verify', ['--json', image]);
    t.equal(found.status, 4, `${name}: ${describeRun(found)}`);
    t.match(JSON.parse(found.stdout), { clean: false, findings: [{ code: 'integrity' }] }, name);
  }
});

t.test('what fails is one line', { skip: withoutRegistry(), buffered: true }, async (t) => {
  const registry = await RegistryServer.start(t, scratch);
  const pusher = pusherOf(registry);
  const tar = { bytes: Buffer.alloc(10_240), mediaType: MEDIA_TYPES.tar };
  await pusher.image({ layers: LAYERS }, 'three');
  await pusher.image({ layers: [tar] }, 'tar');
  await pusher.image({ layers: packed(low) }, 'packed');
  const index = await pusher.image({ layers: [{ bytes: low }], config: { architecture: 'riscv64' } });
  await pusher.index(
    [{ ...index, bytes: undefined, platform: { os: 'linux', architecture: 'riscv64' } }],
    'foreign',
  );
  const secret = await RegistryServer.start(t, scratch);
  await pusherOf(secret).image({ layers: LAYERS }, 'three');
  await secret.run({ wantsPassword: true });
  const broken = makeLayout(scratch, [{ layers: [{ bytes: low }] }]).folder;
  writeFileSync(join(broken, blobName(sha256(low))), low.subarray(1));
  const customer = new Customer(scratch);
  const none = `localhost:${await freePort()}`;
  const cases: readonly (readonly [words: string[], message: RegExp, status?: number])[] = [
    [
      [imageAt(registry, 'two')],
      /team\/app:two: localhost:\d+ answered 404 Not Found .*nothing of that name$/,
    ],
    [[imageAt(registry, `@sha256:${'0'.repeat(64)}`)], /@sha256:0{64}: .*404/],
    [[imageAt(registry, '@sha256:0')], /@sha256:0 is no digest/],
    [
      [imageAt(registry, 'foreign')],
      /has no image for linux\/\w+; there is: linux\/riscv64; choose with --platform$/,
    ],
    [
      ['--platform', 'linux/riscv64', imageAt(registry, 'three')],
      /is for linux\/amd64, not for linux\/riscv64/,
    ],
    [['--platform', 'linux', imageAt(registry, 'three')], /linux is no platform: OS\/ARCHITECTURE/],
    [[imageAt(secret, 'three')], /answered 401 .*log in with docker, podman or oras login/],
    [[imageAt(registry, 'tar')], /layer 1 of 1 .* is a tar archive .*--tar-index$/],
    [['--require-lazy', imageAt(registry, 'packed')], /must be fetched whole .*--require-lazy refuses that/],
    [['--require-verity', imageAt(registry, 'three')], /nothing proves its bytes/],
    [[`oci://${none}/team/app`], /cannot be read from localhost:\d+: .*ECONNREFUSED/],
    [['--offline', imageAt(registry, 'never')], /is not in the cache, and the network may not be used/],
    [['oci://Host/Team'], /Team has capital letters, which no repository has/],
    [
      [`oci-layout:${broken}`],
      new RegExp(`has ${low.length - 1} bytes, where the manifest says ${low.length}`),
    ],
    [[`oci-layout:${broken}:absent`], /has no image absent/],
    [['oci-layout:/none'], /\/none is no OCI layout: there is no file oci-layout in it/],
    [['oci-archive:/none'], /\/none: no such file/],
    [['docker-archive:/none'], /\/none: no such file/],
    [['--tar-index', '', imageAt(registry, 'tar')], /--tar-index .*expected FILE/, 2],
    [['--upper', imageAt(registry, 'three'), '/x'], /can only be the lowest/, 2],
    [['--mirror', 'http://x/', imageAt(registry, 'three')], /mirrors of the registry .*hosts\.toml/, 2],
    [['--verity-root', '00', imageAt(registry, 'three')], /says itself .* what proves its layers/, 2],
    [['--offset', '1', imageAt(registry, 'three')], /says itself what its devices are/, 2],
  ];
  for (const [words, message, status = 1] of cases) {
    const said = await customer.erofs('ls', words);
    t.equal(said.status, status, `${words.join(' ')}: ${describeRun(said)}`);
    t.match(said.stderr.trimEnd(), message);
    t.match(said.stderr, /^erofs ls: [^\n]+\n$/, 'one line');
    t.equal(said.stdout, '');
  }
  customer.login(secret.host, 'alice', 'wrong-secret');
  const denied = await customer.erofs('mount', [imageAt(secret, 'three'), scratch.folder()]);
  t.match(denied, { status: 1, stdout: '', stderr: /^erofs mount: [^\n]*401[^\n]*\n$/ });
  t.notMatch(denied.stderr, /wrong-secret/);
});
