/** What refers to an image, as registries with the API list it, page by page, whatever is wrong with some of it. */
import t, { type Test } from 'tap';
import { findReferrers } from '../src/container-referrers.js';
import { indexBlobs, tarIndexesOf } from '../src/container-tar-indexes.js';
import { type ContainerImage, resolveImage } from '../src/registry/container-image.js';
import type { RegistryImageOptions } from '../src/registry/registry-images.js';
import { StubRegistry } from './registry/stub-registry.js';
import { QUICK } from './remote/opened-blob.js';
import {
  type Content,
  type Described,
  described,
  type ImageToPush,
  imageContent,
  MEDIA_TYPES,
  sha256,
} from './support/registry-push.js';
import { Scratch } from './support/scratch.js';
import { ARTIFACT_TYPE, conversions, signaturesApart, signaturesInside } from './support/verity-artifacts.js';

const scratch = new Scratch(t);
// nobody's own credentials and hosts
process.env.DOCKER_CONFIG = scratch.folder();
const options: RegistryImageOptions = {
  spec: { hostsDirectories: [scratch.folder()] },
  http: { limits: QUICK },
};

const REPOSITORY = 'team/app';
const layer = Buffer.from('a layer');
const image = imageContent({ layers: [{ bytes: layer }] });
const about = { subject: described(image.manifest) };
const signed = { of: sha256(layer), root: 'ab'.repeat(32), signature: Buffer.from('signed') };
const APART = 'application/vnd.cncf.notary.signature.dm-verity';

/** As the API lists an artifact. */
const listed = ({ manifest }: { readonly manifest: Content }, artifactType = ARTIFACT_TYPE): Described => ({
  ...described(manifest),
  artifactType,
});

interface Started {
  readonly stub: StubRegistry;
  readonly image: ContainerImage;
  push(artifact: ImageToPush): ReturnType<typeof imageContent>;
}

/** `pages`: what the API answers, each page with one more behind it. */
async function start(t: Test, pages: readonly (readonly Described[])[]): Promise<Started> {
  const stub = await StubRegistry.start(t);
  stub.put(REPOSITORY, [image.manifest, ...image.blobs], '1');
  stub.fault = ({ path, query }, response) => {
    if (!path.includes('/referrers/')) return false;
    const page = Number(query.get('page') ?? 0);
    const next = { link: `</v2/${path}?page=${page + 1}>; rel="next"` };
    response.writeHead(200, { 'content-type': MEDIA_TYPES.index, ...(page + 1 < pages.length && next) });
    response.end(
      JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests: pages[page] ?? [] }),
    );
    return true;
  };
  const found = await resolveImage(`oci://${stub.host}/${REPOSITORY}:1`, {
    ...options,
    platform: 'linux/amd64',
  });
  const push = (artifact: ImageToPush) => {
    const content = imageContent(artifact);
    stub.put(REPOSITORY, [content.manifest, ...content.blobs]);
    return content;
  };
  return { stub, image: found, push };
}

t.test('artifacts of all pages, with the signatures that have blobs of their own', async (t) => {
  const pages: Described[][] = [[], []];
  const { stub, image, push } = await start(t, pages);
  const apart = push(signaturesApart([signed], about));
  const inside = push(signaturesInside([signed], about));
  const other = push({ layers: [{ bytes: layer }], fields: { artifactType: 'application/x', ...about } });
  pages[0]!.push(listed(apart, APART), listed(other, 'application/x'));
  pages[1]!.push(listed(inside), described(other.manifest));
  const { artifacts, notes } = await findReferrers(image, options, true);
  t.same(notes, []);
  t.same(
    artifacts.map(({ name, content }) => [name, content.kind]),
    [apart, inside].map(({ manifest }) => [
      `${stub.host}/${REPOSITORY}@${manifest.digest}`,
      'layer-signatures',
    ]),
  );
  t.same(artifacts[0]!.signatures.get(sha256(signed.signature)), signed.signature);
  const asked = stub.asked;
  t.notOk(asked.includes(`GET ${REPOSITORY}/manifests/${other.manifest.digest}`), 'what is of another kind');
  t.equal(asked.filter((question) => question.includes('/referrers/')).length, 2);
  await findReferrers(image, options, false);
  const again = stub.asked.slice(asked.length).filter((question) => question.includes('/blobs/'));
  t.same(again, [], 'nobody wants signatures where nobody is pinned');
});

t.test('images and trees, and where they are', async (t) => {
  const page: Described[] = [];
  const { stub, image, push } = await start(t, [page]);
  const parts = { image: Buffer.from('an image'), tree: Buffer.from('its tree') };
  page.push(listed(push(conversions([{ of: sha256(layer), ...parts }], about))));
  const { artifacts } = await findReferrers(image, options, true);
  const { blobs } = artifacts[0]!;
  for (const bytes of Object.values(parts)) {
    t.match(blobs.get(sha256(bytes)), {
      size: bytes.length,
      place: { kind: 'registry', registry: stub.host, repository: REPOSITORY },
      encoding: { kind: 'plain' },
    });
  }
});

t.test('what cannot be used is told, and the rest is used', async (t) => {
  const page: Described[] = [];
  const { stub, image, push } = await start(t, [page]);
  const good = push(signaturesApart([signed], about));
  const large = push(signaturesApart([{ ...signed, signature: Buffer.alloc(65_537) }], about));
  const twice = push(signaturesInside([signed, signed], about));
  const another = push({ layers: [{ bytes: layer }], fields: { artifactType: 'application/x', ...about } });
  const gone = imageContent(signaturesApart([{ ...signed, signature: Buffer.from('gone') }], about));
  stub.put(REPOSITORY, [gone.manifest]);
  const forged = push(signaturesApart([{ ...signed, signature: Buffer.from('to be forged') }], about));
  const [, forgedBlob] = forged.blobs;
  const key = `${REPOSITORY}/blobs/${forgedBlob!.digest}`;
  stub.contents.set(key, { ...forgedBlob!, bytes: Buffer.from('is now forged') });
  const missing = imageContent(signaturesInside([{ ...signed, root: 'cd'.repeat(32) }], about));
  const cases: [ReturnType<typeof imageContent>, RegExp][] = [
    [large, /has 65537 bytes; no more than 65536 are read/],
    [twice, /signs sha256:\w+ twice/],
    [another, /it is of another kind than the list of referrers says/],
    [gone, /404/],
    [forged, /13 bytes, where the manifest says 12|other bytes/],
    [missing, /404/],
  ];
  page.push(...cases.map(([content]) => listed(content)), listed(good, APART));
  const { artifacts, notes } = await findReferrers(image, options, true);
  t.same(
    artifacts.map(({ name }) => name),
    [`${stub.host}/${REPOSITORY}@${good.manifest.digest}`],
  );
  t.equal(notes.length, cases.length);
  for (const [{ manifest }, message] of cases) {
    const note = notes.find((text) => text.includes(`@${manifest.digest} is not used: `));
    t.match(note, message);
  }
});

t.test('whoever attaches many is not read to the end', async (t) => {
  const page: Described[] = [];
  const { stub, image, push } = await start(t, [page]);
  for (let number = 0; number < 40; number++) {
    page.push(listed(push(signaturesInside([{ ...signed, root: `${number + 10}`.repeat(32) }], about))));
  }
  const { artifacts, notes } = await findReferrers(image, options, true);
  t.equal(artifacts.length, 32);
  t.same(notes, ['40 artifacts refer to the image; the first 32 were looked at']);
  t.equal(stub.asked.filter((question) => question.includes('/manifests/sha256:')).length, 32);
});

t.test('that nobody answers is no list', async (t) => {
  const { stub, image } = await start(t, []);
  const cacheDirectory = scratch.folder();
  await t.rejects(findReferrers(image, { ...options, cacheDirectory, offline: true }, true), {
    code: 'offline',
  });
  await stub.stop();
  await t.rejects(findReferrers(image, options, true), { code: 'unreachable' });
});

t.test('kept from before', async (t) => {
  const page: Described[] = [];
  const { stub, image, push } = await start(t, [page]);
  page.push(listed(push(signaturesApart([signed], about)), APART));
  const keeping = { ...options, cacheDirectory: scratch.folder() };
  const first = await findReferrers(image, keeping, true);
  t.equal(first.artifacts.length, 1);
  await stub.stop();
  const again = await findReferrers(image, { ...keeping, offline: true }, true);
  t.same(again.artifacts[0]!.signatures, first.artifacts[0]!.signatures);
  t.same(again.artifacts[0]!.content, first.artifacts[0]!.content);
});

t.test('an index of the repository, pinned by its digest', async (t) => {
  const { stub, image, push } = await start(t, []);
  const index = Buffer.alloc(1024, 1);
  push({ layers: [{ bytes: index }] });
  const tar = { ...image, layers: [{ ...image.layers[0]!, mediaType: MEDIA_TYPES.tar }] };
  const given = { image: `blob:${sha256(index)}` };
  const indexes = tarIndexesOf(tar, { '': given });
  t.same(indexes, { [sha256(layer)]: given });
  const keeping = { ...options, cacheDirectory: scratch.folder() };
  const blobs = await indexBlobs(image, indexes, keeping);
  t.match(blobs, { [sha256(index)]: { size: 1024, encoding: { kind: 'plain' } } });
  t.same(
    stub.asked.filter((question) => question.includes(sha256(index))),
    [`HEAD ${REPOSITORY}/blobs/${sha256(index)}`],
  );
  const absent = { [sha256(layer)]: { image: `blob:${sha256(Buffer.from('absent'))}` } };
  await t.rejects(indexBlobs(image, absent, options), { code: 'not-found', message: /--tar-index sha256:/ });
  await stub.stop();
  t.same(await indexBlobs(image, indexes, { ...keeping, offline: true }), blobs);
  t.throws(() => tarIndexesOf(image, { '': given }), { code: 'tar-layer', message: /0 tar layers/ });
});
