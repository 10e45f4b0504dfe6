/** Registries that give other bytes than they should, refuse, warn, or hide; and mirrors, which are asked first and believed less. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type ResolveOptions, resolveImage, resolveReferrers } from '../../src/registry/container-image.js';
import { registryBlob } from '../../src/registry/registry-blob.js';
import { QUICK, same } from '../remote/opened-blob.js';
import { Random } from '../support/random.js';
import { type Content, described, documentOf, imageContent, MEDIA_TYPES } from '../support/registry-push.js';
import { Scratch } from '../support/scratch.js';
import { type StubFault, StubRegistry } from './stub-registry.js';

const scratch = new Scratch(t);
process.env.DOCKER_CONFIG = scratch.folder();
const http = { limits: QUICK };
const LAYER = new Random(1).bytes(200_000);
const { manifest, blobs } = imageContent({ layers: [{ bytes: LAYER }] });
const [config, layer] = blobs as [Content, Content];

const options = (hostsDirectory?: string): ResolveOptions => ({
  http,
  spec: { hostsDirectories: hostsDirectory === undefined ? [] : [hostsDirectory] },
  platform: 'linux/amd64',
});

const resolve = (host: string, more: ResolveOptions = {}, tag = 'app:1') =>
  resolveImage(`oci://${host}/team/${tag}`, { ...options(), ...more });

async function stubWithImage(t: Test): Promise<StubRegistry> {
  const stub = await StubRegistry.start(t);
  stub.put('team/app', [manifest, ...blobs], '1');
  return stub;
}

/** Answers requests whose path ends so. */
const on =
  (end: string, answer: Parameters<typeof reply>[0]): StubFault =>
  ({ path }, response) => {
    if (!path.endsWith(end)) return false;
    reply(answer, response);
    return true;
  };

function reply(
  {
    status = 200,
    fields = {},
    body = '',
  }: { status?: number; fields?: Record<string, string | string[]>; body?: string | Uint8Array },
  response: Parameters<StubFault>[1],
): void {
  response.writeHead(status, fields).end(body);
}

t.test('documents that are not what their digest says', async (t) => {
  const stub = await stubWithImage(t);
  const other = documentOf(MEDIA_TYPES.manifest, { schemaVersion: 2, other: 'image' });
  stub.fault = on('manifests/1', { fields: { 'docker-content-digest': manifest.digest }, body: other.bytes });
  await t.rejects(resolve(stub.host), { code: 'corrupt', message: /has the digest sha256:.*, not sha256:/ });
  stub.fault = on(manifest.digest, { body: other.bytes });
  await t.rejects(resolve(stub.host, {}, `app@${manifest.digest}`), { code: 'corrupt' });
  stub.fault = on(config.digest, { body: Buffer.from(config.bytes).fill('x', 3, 4) });
  await t.rejects(resolve(stub.host), { code: 'corrupt' });
  stub.fault = on(config.digest, { body: config.bytes.subarray(1) });
  await t.rejects(resolve(stub.host), { code: 'corrupt', message: /bytes, where the manifest says/ });
  const index = documentOf(MEDIA_TYPES.index, {
    schemaVersion: 2,
    manifests: [{ ...described(manifest), size: manifest.size + 1 }],
  });
  stub.fault = () => false;
  stub.put('team/app', [index], 'index');
  await t.rejects(resolve(stub.host, {}, 'app:index'), { code: 'corrupt', message: /where its index says/ });
  stub.fault = on('manifests/1', { fields: { 'content-type': MEDIA_TYPES.index }, body: manifest.bytes });
  await t.rejects(resolve(stub.host), { code: 'corrupt', message: /media type/ });
});

t.test('answers that are none', async (t) => {
  const stub = await stubWithImage(t);
  const cases: [Parameters<typeof reply>[0], object][] = [
    [
      { body: '<html>login</html>', fields: { 'content-type': 'text/html' } },
      { code: 'corrupt', message: /no JSON/ },
    ],
    [{ body: new Uint8Array(4 * 1024 * 1024 + 1) }, { code: 'protocol', message: /4194304 bytes/ }],
    [{ status: 403, body: 'no' }, { code: 'denied' }],
    [{ status: 401 }, { code: 'denied' }],
    [
      { status: 400, body: '{"errors":[{"code":"NAME_INVALID"}]}' },
      { code: 'protocol', message: /NAME_INVALID/ },
    ],
    [{ status: 503 }, { code: 'unreachable', message: /503/ }],
    [{ status: 204 }, { code: 'protocol' }],
    [{ status: 404, body: `{"errors":[{"message":"${'\\u001b[31m'.repeat(999)}"}]}` }, { code: 'not-found' }],
  ];
  for (const [answer, expected] of cases) {
    stub.fault = on('manifests/1', answer);
    await t.rejects(resolve(stub.host), { name: 'RegistryError', ...expected }, JSON.stringify(expected));
    await resolve(stub.host).catch(({ message }: Error) => {
      t.notOk(message.includes('\u001b'));
      t.ok(message.length < 1000);
    });
  }
});

t.test('too many requests: it is waited for as long as the registry says', async (t) => {
  const stub = await stubWithImage(t);
  let refusals = 2;
  stub.fault = (_, response) => {
    if (refusals === 0) return false;
    refusals -= 1;
    reply({ status: 429, fields: { 'retry-after': '0' } }, response);
    return true;
  };
  t.equal((await resolve(stub.host)).digest, manifest.digest);
  refusals = 1000;
  await t.rejects(resolve(stub.host), {
    code: 'unreachable',
    message: /429 Too Many Requests.*fewer requests/,
  });
});

t.test('what a registry warns of is told once', async (t) => {
  const stub = await stubWithImage(t);
  stub.fault = (_, response) => {
    response.setHeader('warning', ['299 - "this image is \\"old\\""', '199 - "not for users"']);
    return false;
  };
  const problems: string[] = [];
  await resolve(stub.host, { report: ({ message }) => problems.push(message) });
  t.same(problems, [`${stub.host} says: this image is "old"`]);
});

/** A folder of hosts.toml for a registry with these mirrors. */
function hostsFor(registry: StubRegistry, ...mirrors: [StubRegistry, string][]): string {
  const folder = scratch.folder('self', 'certs.d');
  mkdirSync(join(folder, registry.host));
  const hosts = mirrors.map(([{ url }, fields]) => `[host."${url}"]\n${fields}\n`);
  writeFileSync(join(folder, registry.host, 'hosts.toml'), hosts.join(''));
  return folder;
}

t.test('a mirror goes first, and is told whose image it is', async (t) => {
  const [origin, mirror] = [await stubWithImage(t), await stubWithImage(t)];
  const hosts = hostsFor(origin, [mirror, 'capabilities = ["pull", "resolve"]']);
  const image = await resolve(origin.host, options(hosts));
  t.equal(image.digest, manifest.digest);
  t.same(origin.seen, []);
  t.same(mirror.asked, ['GET team/app/manifests/1', `GET team/app/blobs/${config.digest}`]);
  t.ok(mirror.seen.every(({ query }) => query.get('ns') === origin.host));
  const [described] = image.layers;
  const blob = registryBlob(
    { registry: origin.host, repository: 'team/app' },
    { ...described!, name: 'it' },
    { hostsDirectories: [hosts] },
    http,
  );
  t.teardown(() => blob.close());
  const bytes = new Uint8Array(LAYER.length);
  const arrived = (at: number, piece: Uint8Array) => bytes.set(piece, at);
  await blob.fetch({ offset: 0, length: 50_000 }, arrived);
  t.equal(mirror.seen.at(-1)?.query.get('ns'), origin.host);
  await mirror.stop();
  await blob.fetch({ offset: 50_000, length: LAYER.length - 50_000 }, arrived);
  t.ok(same(bytes, LAYER), 'the registry itself goes on where the mirror stopped');
  t.ok(origin.seen.every(({ query }) => !query.has('ns')));
  t.equal((await resolve(origin.host, options(hosts))).digest, manifest.digest, 'and has the documents');
});

t.test('a mirror without the right to resolve is not asked for a tag', async (t) => {
  const [origin, mirror] = [await stubWithImage(t), await stubWithImage(t)];
  const hosts = hostsFor(origin, [mirror, 'capabilities = ["pull"]']);
  await resolve(origin.host, options(hosts));
  t.same(origin.asked, ['GET team/app/manifests/1']);
  t.same(mirror.asked, [`GET team/app/blobs/${config.digest}`]);
});

t.test('a mirror with other bytes, or another size, is gone past and told of', async (t) => {
  const [origin, mirror] = [await stubWithImage(t), await stubWithImage(t)];
  const hosts = hostsFor(origin, [mirror, 'capabilities = ["pull"]']);
  const problems: string[] = [];
  const report = ({ message }: Error) => problems.push(message);
  mirror.fault = on(config.digest, { body: 'something else' });
  const image = await resolve(origin.host, { ...options(hosts), report });
  t.match(problems, [/config|bytes/]);
  mirror.fault = on(layer.digest, {
    status: 206,
    fields: { 'content-range': `bytes 0-9/${LAYER.length + 1}` },
    body: new Uint8Array(10),
  });
  const blob = (hostsDirectories: readonly string[], registry: string) => {
    const found = registryBlob(
      { registry, repository: 'team/app' },
      { ...image.layers[0]!, name: 'it' },
      { hostsDirectories },
      http,
    );
    t.teardown(() => found.close());
    return found;
  };
  const bytes: number[] = [];
  const take = (_: number, piece: Uint8Array) => bytes.push(...piece);
  await blob([hosts], origin.host).fetch({ offset: 0, length: 10 }, take);
  t.same(bytes, [...LAYER.subarray(0, 10)]);
  const alone = blob([], mirror.host);
  const expected = { code: 'protocol', message: /200001 bytes where the manifest says 200000/ };
  await t.rejects(alone.fetch({ offset: 0, length: 10 }, take), expected);
  mirror.fault = on(layer.digest, { status: 416, fields: { 'content-range': 'bytes */7' } });
  await t.rejects(alone.fetch({ offset: 0, length: 10 }, take), {
    code: 'protocol',
    message: /7 bytes where/,
  });
  mirror.fault = on(layer.digest, { status: 404 });
  await t.rejects(alone.fetch({ offset: 0, length: 10 }, take), { code: 'refused', status: 404 });
  mirror.fault = on(layer.digest, { fields: { 'content-type': 'text/html' }, body: '<html>' });
  await t.rejects(alone.fetch({ offset: 0, length: 10 }, take), { code: 'protocol', message: /web page/ });
  mirror.fault = () => false;
  bytes.length = 0;
  await alone.fetch({ offset: 0, length: 10 }, take);
  t.same(bytes, [...LAYER.subarray(0, 10)], 'none of this is for ever');
  t.same(
    mirror.seen.map(({ headers }) => headers['if-range']).filter((field) => field !== undefined),
    [],
    'what a digest names cannot change',
  );
});

t.test('a mirror that ignores Range is left for one that does not; the last one is read whole', async (t) => {
  const [origin, mirror] = [await stubWithImage(t), await stubWithImage(t)];
  const hosts = hostsFor(origin, [mirror, 'capabilities = ["pull"]']);
  const ignoresRange = on(layer.digest, { fields: { 'content-length': `${LAYER.length}` }, body: LAYER });
  mirror.fault = ignoresRange;
  const notices: string[] = [];
  const report = ({ code }: { readonly code: string }) => notices.push(code);
  const blob = registryBlob(
    { registry: origin.host, repository: 'team/app' },
    { ...layer, name: 'it' },
    { hostsDirectories: [hosts] },
    { ...http, report },
  );
  t.teardown(() => blob.close());
  const bytes: number[] = [];
  const take = (at: number, piece: Uint8Array) => at < 1010 && bytes.push(...piece.subarray(0, 10));
  await blob.fetch({ offset: 1000, length: 10 }, take);
  t.same(bytes, [...LAYER.subarray(1000, 1010)]);
  t.same(notices, ['mirror-left']);
  origin.fault = ignoresRange;
  const whole = new Uint8Array(LAYER.length);
  await blob.fetch({ offset: 5, length: LAYER.length - 5 }, (at, piece) => whole.set(piece, at));
  t.ok(same(whole.subarray(5), LAYER.subarray(5)));
  t.same(notices, ['mirror-left', 'no-range']);
});

t.test('where all of them fail, each is told of', async (t) => {
  const [origin, mirror] = [await stubWithImage(t), await StubRegistry.start(t)];
  const hosts = hostsFor(origin, [mirror, '']);
  await mirror.stop();
  origin.fault = on('manifests/1', { status: 404 });
  await t.rejects(resolve(origin.host, options(hosts)), {
    code: 'not-found',
    message: new RegExp(`${origin.host} answered 404.*${mirror.host}: the connection was refused`),
  });
});

t.test('referrers, page by page, of the kind that is wanted', async (t) => {
  const stub = await stubWithImage(t);
  const artifactType = 'application/x-signature';
  const artifacts = [1, 2, 3].map((number) =>
    imageContent({
      layers: [{ bytes: Buffer.from(`signature ${number}`), mediaType: 'application/x-text' }],
      fields: { artifactType, subject: described(manifest) },
    }),
  );
  for (const artifact of artifacts) stub.put('team/app', [artifact.manifest, ...artifact.blobs]);
  stub.fault = ({ path, query }, response) => {
    if (!path.includes('/referrers/')) return false;
    const page = Number(query.get('page') ?? 0);
    const entry = {
      ...described(artifacts[page]!.manifest),
      artifactType: page === 1 ? 'other' : artifactType,
    };
    const next = `</v2/${path}?page=${page + 1}&artifactType=x>; rel="next"`;
    const fields = { 'content-type': MEDIA_TYPES.index, ...(page < 2 && { link: next }) };
    const body = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests: [entry] });
    reply({ fields, body }, response);
    return true;
  };
  const image = await resolve(stub.host);
  const found = await resolveReferrers(image, artifactType, options());
  t.same(
    found.map(({ digest }) => digest),
    [artifacts[0]!.manifest.digest, artifacts[2]!.manifest.digest],
  );
  t.equal(
    stub.seen.find(({ path }) => path.includes('/referrers/'))?.query.get('artifactType'),
    artifactType,
  );
});

t.test('registries that have no referrers, or hide that, have none', async (t) => {
  const stub = await stubWithImage(t);
  const image = await resolve(stub.host);
  const login = { fields: { 'content-type': 'text/html' }, body: '<html>login</html>' };
  for (const answer of [{ status: 401 }, { status: 403 }, { status: 404 }, { status: 405 }, login]) {
    stub.fault = on(`referrers/${manifest.digest}`, answer);
    t.same(await resolveReferrers(image, 'application/x', options()), [], JSON.stringify(answer));
  }
  t.ok(stub.asked.includes(`GET team/app/manifests/${manifest.digest.replace(':', '-')}`));
  stub.fault = on(`referrers/${manifest.digest}`, { status: 503 });
  await t.rejects(resolveReferrers(image, 'application/x', options()), { code: 'unreachable' });
});
