/** The ways to name an image that is mounted: tags, digests and platforms of all kinds of documents, layouts and archives. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  Customer,
  digestsBelow,
  digestsOf,
  end,
  fixtureDigests,
  imageAt,
  pusherOf,
} from '../support/container.js';
import { devFusePlain, devFuseRoot } from '../support/front-end.js';
import { writeImage } from '../support/image-writer.js';
import { directory, file } from '../support/image-writer-node.js';
import { archive, makeLayout, put, REF_NAME, savedImage } from '../support/layout.js';
import { shownOfThree, threeLayers } from '../support/merged-layers.js';
import { images } from '../support/paths.js';
import { noPython } from '../support/python.js';
import { RegistryServer, withoutRegistry } from '../support/registry.js';
import { described, MEDIA_TYPES, sha256 } from '../support/registry-push.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
t.jobs = 3;
const three = threeLayers.map((root) => ({ bytes: writeImage({ root }).bytes.toBytes() }));

/** An image with the one file "name", which says what the image is. */
const called = (name: string) => [
  { bytes: writeImage({ root: directory({ name: file(name) }) }).bytes.toBytes() },
];

t.test('tags, digests and platforms', { skip: withoutRegistry(), buffered: true }, async (t) => {
  const registry = await RegistryServer.start(t, scratch);
  const pusher = pusherOf(registry);
  const customer = new Customer(scratch);
  const shown = async (name: string, ...words: string[]): Promise<string> => {
    const { stdout, stderr } = await customer.erofs('cat', [...words, imageAt(registry, name), '/name']);
    return stdout + stderr;
  };
  const linux = { os: 'linux' };
  const config = (platform: object) => ({ config: { ...linux, ...platform } });
  for (const [kind, types] of Object.entries({
    oci: [MEDIA_TYPES.manifest, MEDIA_TYPES.index],
    docker: [MEDIA_TYPES.dockerManifest, MEDIA_TYPES.dockerList],
  })) {
    const [mediaType, indexType] = types as [string, string];
    const push = (name: string, platform: { readonly architecture: string; readonly variant?: string }) =>
      pusher.image({ layers: called(`${kind} ${name}`), mediaType, ...config(platform) }, `${kind}-${name}`);
    const amd64 = { ...linux, architecture: process.arch === 'x64' ? 'amd64' : process.arch };
    const arm = { ...linux, architecture: 'arm', variant: 'v7' };
    const [usual, erofs, forArm] = [
      await push('usual', amd64),
      await push('erofs', amd64),
      await push('arm', arm),
    ];
    const entries = [
      { ...described(usual), platform: amd64 },
      { ...described(forArm), platform: arm },
      { ...described(erofs), platform: { ...amd64, 'os.features': ['erofs'] } },
    ];
    const index = await pusher.index(entries, kind, indexType);
    t.equal(await shown(`${kind}-usual`), `${kind} usual`, 'a manifest by its tag');
    t.equal(await shown(`@${forArm.digest}`), `${kind} arm`, 'by its digest');
    t.equal(await shown(kind), `${kind} erofs`, 'of an index the one with the feature');
    t.equal(await shown(`@${index.digest}`), `${kind} erofs`, 'by the digest of the index');
    t.equal(await shown(kind, '--platform', 'linux/arm/v7'), `${kind} arm`);
    t.match(
      await shown(kind, '--platform', 'linux/riscv64'),
      /^erofs cat: localhost:\d+\/team\/app:\S+ has no image for linux\/riscv64; there is: [^\n]*linux\/arm\/v7[^\n]*--platform\n$/,
    );
    const mounted = await customer.mount(scratch, devFuseRoot, {
      image: imageAt(registry, kind),
      words: ['--platform', 'linux/arm'],
    });
    t.equal(readFileSync(join(mounted.mountpoint, 'name'), 'utf8'), `${kind} arm`, 'mounted');
    await end(t, mounted);
  }
});

/** Images of threeLayers on this machine, and what names them. */
const local: Readonly<Record<string, () => string>> = {
  'a layout of one image': () => `oci-layout:${makeLayout(scratch, [{ layers: three }]).folder}`,
  'a layout of several': () => {
    const { folder } = makeLayout(scratch, [
      { name: 'other', layers: called('other') },
      { name: 'v1.0', layers: three },
    ]);
    return `oci-layout:${folder}:v1.0`;
  },
  'a layout and a digest': () => {
    const { folder, manifests } = makeLayout(scratch, [{ layers: called('other') }, { layers: three }]);
    return `oci-layout:${folder}@${manifests[1]!.digest}`;
  },
  'an archive of a layout': () =>
    `oci-archive:${archive(scratch, makeLayout(scratch, [{ layers: three }]).folder)}`,
  'what docker save writes today': () => {
    const { folder, manifests } = makeLayout(scratch, [{ layers: three }]);
    const annotations = { 'io.containerd.image.name': 'docker.io/library/app:1', [REF_NAME]: '1' };
    const listed = [{ ...described(manifests[0]!), annotations }];
    put(folder, 'index.json', JSON.stringify({ schemaVersion: 2, manifests: listed }));
    put(folder, 'manifest.json', '[]');
    return `docker-archive:${archive(scratch, folder)}:app:1`;
  },
};

for (const [name, make] of Object.entries(local)) {
  const front = name.startsWith('an archive') ? devFusePlain : devFuseRoot;
  const skip = front.missing ?? noPython ?? false;
  t.test(`${name}, ${front.name}`, { skip, buffered: true }, async (t) => {
    const image = make();
    const customer = new Customer(scratch, front.user);
    const mounted = await customer.mount(scratch, front, { image, words: ['--offline'] });
    t.equal(mounted.line.source, image);
    t.same(await digestsBelow(mounted, front.user), digestsOf(shownOfThree));
    await end(t, mounted);
  });
}

/** Marks of overlayfs, which are in this folder, count where layers are merged. */
const visible = (digests: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(digests).filter(([path]) => !path.startsWith('overlay/')));

t.test(
  'what docker save wrote for years',
  { skip: devFuseRoot.missing ?? false, buffered: true },
  async (t) => {
    const tar = readFileSync(join(images, 'tree.tar'));
    const image = `docker-archive:${archive(scratch, savedImage(scratch, [tar], null))}`;
    const customer = new Customer(scratch);
    const words = ['--tar-index', `${sha256(tar)}=${join(images, 'tar-index.erofs')}`];
    const mounted = await customer.mount(scratch, devFuseRoot, { image, words });
    t.same(visible(await digestsBelow(mounted, 'root')), visible(fixtureDigests('tar-index')));
    await end(t, mounted);
  },
);
