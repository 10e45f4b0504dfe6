/** Images of a real registry: names, platforms, credentials, blobs in ranges, and what is kept of it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import {
  type ContainerImage,
  type ResolveOptions,
  resolveImage,
  resolveReferrers,
} from '../../src/registry/container-image.js';
import { type RepositoryPlace, registryBlob } from '../../src/registry/registry-blob.js';
import type { HttpOptions } from '../../src/remote/http-options.js';
import { makeCertificates } from '../remote/certificates.js';
import { FaultServer } from '../remote/fault-server.js';
import { QUICK } from '../remote/opened-blob.js';
import { Random } from '../support/random.js';
import { REGISTRY_USER, RegistryServer, withoutRegistry } from '../support/registry.js';
import { described, MEDIA_TYPES, Pusher, sha256 } from '../support/registry-push.js';
import { Scratch } from '../support/scratch.js';
import { TokenService } from './token-service.js';

const skip = withoutRegistry();
const scratch = new Scratch(t);
const http: HttpOptions = { limits: QUICK };
const SIZE = 300_000;
const layerBytes = (seed: number): Uint8Array => new Random(seed).bytes(SIZE + seed);
const REPOSITORY = 'team/app';

// nobody's own credentials and hosts
process.env.DOCKER_CONFIG = scratch.folder();
const spec = { hostsDirectories: [scratch.folder()] };

function resolve(
  registry: RegistryServer,
  name: string,
  options: ResolveOptions = {},
): Promise<ContainerImage> {
  const full = `oci://${registry.host}/${REPOSITORY}${name}`;
  return resolveImage(full, { spec, http, platform: 'linux/amd64', ...options });
}

const pusherOf = (registry: RegistryServer) => new Pusher(`${registry.url}/v2/${REPOSITORY}`);

/** Some bytes of the last layer of an image, as a mount asks for them. */
async function readLayer(t: Test, image: ContainerImage, options: HttpOptions = http): Promise<Uint8Array> {
  const layer = image.layers.at(-1)!;
  const blob = registryBlob(layer.place as RepositoryPlace, { ...layer, name: 'it' }, spec, options);
  try {
    t.match(blob, { id: layer.digest, size: layer.size, name: 'it' });
    const bytes = new Uint8Array(layer.size);
    await blob.fetch({ offset: 100_000, length: 1000 }, (at, piece) => bytes.set(piece, at));
    await blob.fetch({ offset: layer.size - 7, length: 7 }, (at, piece) => bytes.set(piece, at));
    return Buffer.concat([bytes.subarray(100_000, 101_000), bytes.subarray(layer.size - 7)]);
  } finally {
    await blob.close();
  }
}

const wantedOf = (bytes: Uint8Array): Uint8Array =>
  Buffer.concat([bytes.subarray(100_000, 101_000), bytes.subarray(bytes.length - 7)]);

t.test('an image by its tag and by its digest; its layers in ranges', { skip }, async (t) => {
  const registry = await RegistryServer.start(t, scratch);
  for (const mediaType of [MEDIA_TYPES.manifest, MEDIA_TYPES.dockerManifest]) {
    const layers = [1, 2].map((seed) => ({ bytes: layerBytes(seed), annotations: { of: `${seed}` } }));
    const manifest = await pusherOf(registry).image({ layers, mediaType }, 'one');
    const image = await resolve(registry, ':one');
    t.match(image, { digest: manifest.digest, mediaType, index: undefined });
    t.equal(image.name, `${registry.host}/${REPOSITORY}:one`);
    t.same(
      image.layers.map(({ digest, size, annotations, place }) => ({ digest, size, annotations, place })),
      layers.map(({ bytes, annotations }) => ({
        ...{ digest: sha256(bytes), size: bytes.length, annotations },
        place: { kind: 'registry', registry: registry.host, repository: REPOSITORY },
      })),
    );
    t.same(await readLayer(t, image), wantedOf(layerBytes(2)));
    t.same((await resolve(registry, `@${manifest.digest}`)).layers, image.layers);
  }
  t.same(
    registry.requests().filter(({ path, status }) => path.includes(sha256(layerBytes(2))) && status === 206)
      .length,
    4,
    'no blob is asked for before it is read, and no more than was wanted',
  );
  await t.rejects(resolve(registry, ':two'), {
    code: 'not-found',
    message: /team\/app:two: localhost:\d+ answered 404 Not Found \(MANIFEST_UNKNOWN: manifest unknown\)/,
  });
  await t.rejects(resolve(registry, `@${sha256(layerBytes(9))}`), { code: 'not-found' });
});

t.test('of an index the image for this machine that lists EROFS', { skip }, async (t) => {
  const registry = await RegistryServer.start(t, scratch);
  const pusher = pusherOf(registry);
  const platform = { os: 'linux', architecture: 'amd64' };
  const tar = await pusher.image({ layers: [{ bytes: layerBytes(1), mediaType: MEDIA_TYPES.tar }] });
  const erofs = await pusher.image({ layers: [{ bytes: layerBytes(2) }] });
  const odd = await pusher.image({ layers: [{ bytes: layerBytes(3) }] });
  const entries = [
    { ...described(tar), platform },
    { ...described(odd), platform: { ...platform, 'os.features': ['erofs', 'of-tomorrow'] } },
    { ...described(erofs), platform: { ...platform, 'os.features': ['erofs'] } },
    { ...described(tar), platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
  ];
  for (const mediaType of [MEDIA_TYPES.index, MEDIA_TYPES.dockerList]) {
    const index = await pusher.index(entries, 'many', mediaType);
    const image = await resolve(registry, ':many');
    t.match(image, { digest: erofs.digest, platform: { ...platform, osFeatures: ['erofs'] } });
    t.match(image.index, { digest: index.digest });
    t.same(
      image.index?.images.map(({ isChosen }) => isChosen),
      [false, false, true, false],
    );
    const arm = await resolve(registry, ':many', { platform: 'linux/arm64' });
    t.equal(arm.digest, tar.digest);
  }
  await t.rejects(resolve(registry, ':many', { platform: 'linux/riscv64' }), { code: 'no-platform' });
});

t.test('a registry that wants a password', { skip }, async (t) => {
  const registry = await RegistryServer.start(t, scratch);
  await pusherOf(registry).image({ layers: [{ bytes: layerBytes(1) }] }, 'one');
  await registry.run({ wantsPassword: true });
  await t.rejects(resolve(registry, ':one'), { code: 'denied', message: /401 .*log in/ });
  const { user, password } = REGISTRY_USER;
  login(t, registry, user, 'wrong-secret');
  await t.rejects(resolve(registry, ':one'), { code: 'denied' });
  await resolve(registry, ':one').catch((error: Error) => t.notMatch(error.message, /wrong-secret/));
  login(t, registry, user, password);
  const image = await resolve(registry, ':one');
  t.same(await readLayer(t, image), wantedOf(layerBytes(1)));
});

t.test('a registry that wants tokens, which end while a layer is read', { skip }, async (t) => {
  const certificates = makeCertificates(t, scratch);
  const tokens = await TokenService.start(t, { certificates, isOpen: true, lifetime: 60 });
  const registry = await RegistryServer.start(t, scratch);
  await pusherOf(registry).image({ layers: [{ bytes: layerBytes(1) }, { bytes: layerBytes(2) }] }, 'one');
  const { realm, service, issuer } = tokens;
  await registry.run({ tokens: { realm, service, issuer, caFile: certificates.caFile } });
  const image = await resolve(registry, ':one');
  t.equal(tokens.seen.length, 1, 'the manifest and the config with one token');
  t.same(await readLayer(t, image), wantedOf(layerBytes(2)));
  t.equal(tokens.seen.length, 1, 'and the layers');
  t.equal(tokens.seen[0]?.parameters.get('scope'), `repository:${REPOSITORY}:pull`);
  await registry.run({ tokens: { realm, service, issuer: 'somebody else', caFile: certificates.caFile } });
  await t.rejects(readLayer(t, image), { name: 'RemoteError', code: 'refused', status: 401 });
});

/** What docker login writes. */
function login(t: Test, registry: RegistryServer, user: string, password: string): void {
  const auth = Buffer.from(`${user}:${password}`).toString('base64');
  const file = join(process.env.DOCKER_CONFIG!, 'config.json');
  writeFileSync(file, JSON.stringify({ auths: { [registry.host]: { auth } } }));
  t.teardown(() => writeFileSync(file, '{}'));
}

/** Serves what lies in the registry's storage, as the place where a cloud's registry keeps its blobs. */
async function storageServer(t: Test, registry: RegistryServer): Promise<FaultServer> {
  const server = await FaultServer.start(t, new Uint8Array());
  server.always = ({ request, response }) => {
    const bytes = readFileSync(join(registry.storage, request.url!));
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const [start, end] = range === null ? [0, bytes.length] : [Number(range[1]), Number(range[2]) + 1];
    const fields = { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` };
    response
      .writeHead(range === null ? 200 : 206, range === null ? {} : fields)
      .end(bytes.subarray(start, end));
  };
  return server;
}

t.test('blobs that lie elsewhere, where nobody learns who asks', { skip }, async (t) => {
  const registry = await RegistryServer.start(t, scratch);
  await pusherOf(registry).image({ layers: [{ bytes: layerBytes(1) }] }, 'one');
  const storage = await storageServer(t, registry);
  await registry.run({ wantsPassword: true, blobsAt: storage.url('') });
  login(t, registry, REGISTRY_USER.user, REGISTRY_USER.password);
  const image = await resolve(registry, ':one');
  t.same(await readLayer(t, image), wantedOf(layerBytes(1)));
  t.equal(storage.seen.length, 3, 'the config and two ranges');
  for (const { headers } of storage.seen) t.equal(headers.authorization, undefined);
  const asked = registry
    .requests()
    .filter(({ path }) => path.includes('/blobs/') && !path.includes('uploads'));
  t.same(
    asked.map(({ status }) => status),
    [307, 307],
    'of the config, and where the layer lies, once',
  );
});

t.test('a registry over TLS, whose certificate hosts.toml knows', { skip }, async (t) => {
  const certificates = makeCertificates(t, scratch);
  const registry = await RegistryServer.start(t, scratch);
  await pusherOf(registry).image({ layers: [{ bytes: layerBytes(1) }] }, 'one');
  await registry.run({ tls: certificates });
  const folder = join(scratch.folder('self', 'certs.d'), registry.host);
  mkdirSync(folder);
  const hostsDirectories = [dirname(folder)];
  const withLines = (...lines: string[]) => {
    writeFileSync(join(folder, 'hosts.toml'), [`server = "${registry.url}"`, ...lines].join('\n'));
    return resolve(registry, ':one', { spec: { hostsDirectories } });
  };
  await t.rejects(withLines(), { code: 'denied', message: /certificate is not trusted/ });
  for (const line of [`ca = "${certificates.caFile}"`, 'skip_verify = true']) {
    const image = await withLines(line);
    const [layer] = image.layers;
    const blob = registryBlob(
      layer!.place as RepositoryPlace,
      { ...layer!, name: 'it' },
      { hostsDirectories },
      http,
    );
    t.teardown(() => blob.close());
    const bytes = new Uint8Array(100);
    await blob.fetch({ offset: 200, length: 100 }, (at, piece) => bytes.set(piece, at - 200));
    t.same(bytes, layerBytes(1).subarray(200, 300), line);
  }
});

t.test('a registry that goes away and comes back', { skip }, async (t) => {
  const registry = await RegistryServer.start(t, scratch);
  await pusherOf(registry).image({ layers: [{ bytes: layerBytes(1) }] }, 'one');
  const image = await resolve(registry, ':one');
  await registry.stop();
  await t.rejects(resolve(registry, ':one'), { code: 'unreachable', message: /refused/ });
  const patient = readLayer(t, image, { limits: { ...QUICK, tries: 1000, pause: 20, longestPause: 50 } });
  await registry.run({});
  t.same(await patient, wantedOf(layerBytes(1)));
});

t.test('what was said is known without the network', { skip }, async (t) => {
  const registry = await RegistryServer.start(t, scratch);
  const first = await pusherOf(registry).image({ layers: [{ bytes: layerBytes(1) }] }, 'one');
  const cacheDirectory = scratch.folder();
  const problems: string[] = [];
  const report = ({ message }: Error) => problems.push(message);
  const kept: ResolveOptions = { cacheDirectory, report };
  await t.rejects(resolve(registry, ':one', { ...kept, offline: true }), {
    code: 'offline',
    message: /--offline/,
  });
  const image = await resolve(registry, ':one', kept);
  const before = registry.requests().length;
  t.same(await resolve(registry, ':one', { ...kept, offline: true }), image);
  t.same((await resolve(registry, `@${first.digest}`, kept)).layers, image.layers);
  t.equal(registry.requests().length, before, 'nobody was asked, nor for what a digest names');
  await resolve(registry, ':one', kept);
  t.same(
    registry
      .requests()
      .slice(before)
      .map(({ method, path }) => `${method} ${path}`),
    [`HEAD /v2/${REPOSITORY}/manifests/one`],
    'of a tag only where it points to',
  );
  const second = await pusherOf(registry).image({ layers: [{ bytes: layerBytes(2) }] }, 'one');
  t.equal((await resolve(registry, ':one', { ...kept, offline: true })).digest, first.digest);
  t.equal((await resolve(registry, ':one', kept)).digest, second.digest, 'a tag that moved');
  t.equal((await resolve(registry, ':one', { ...kept, offline: true })).digest, second.digest);
  t.same(problems, []);
  await registry.stop();
  t.equal((await resolve(registry, ':one', kept)).digest, second.digest);
  t.match(problems, [/going on with what is in the cache, sha256:/]);
  await t.rejects(resolve(registry, ':two', kept), { code: 'unreachable' });
  const file = join(cacheDirectory, 'documents', `sha256-${second.digest.slice(7)}.json`);
  const forged = readFileSync(file);
  forged[30]! ^= 1;
  writeFileSync(file, forged);
  await t.rejects(
    resolve(registry, ':one', { ...kept, offline: true }),
    { code: 'offline' },
    'a forged manifest',
  );
});

t.test('what refers to an image: a registry without the API has it under a tag', { skip }, async (t) => {
  const registry = await RegistryServer.start(t, scratch);
  const pusher = pusherOf(registry);
  const manifest = await pusher.image({ layers: [{ bytes: layerBytes(1) }] }, 'one');
  const artifactType = 'application/x-signature';
  const signature = await pusher.image({
    layers: [{ bytes: Buffer.from('signed'), mediaType: 'application/x-text' }],
    fields: { artifactType, subject: described(manifest) },
  });
  const cacheDirectory = scratch.folder();
  const image = await resolve(registry, ':one');
  t.same(await resolveReferrers(image, artifactType, { spec, http, cacheDirectory }), []);
  await pusher.index([{ ...described(signature), artifactType }], manifest.digest.replace(':', '-'));
  const options = { spec, http, cacheDirectory };
  const found = await resolveReferrers(image, artifactType, options);
  t.same(
    found.map(({ digest, layers }) => [digest, layers.map(({ mediaType }) => mediaType)]),
    [[signature.digest, ['application/x-text']]],
  );
  t.same(await resolveReferrers(image, 'application/x-other', options), []);
  const count = registry.requests().length;
  t.same(await resolveReferrers(image, artifactType, { ...options, offline: true }), found);
  t.equal(registry.requests().length, count);
  await registry.stop();
  t.same(await resolveReferrers(image, artifactType, options), found, 'and where it cannot be reached');
});
