/** What changes around a mounted image: its registry goes, tokens end, passwords are others, mirrors fail; reads wait or fail, and go on. */
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { StubRegistry } from '../registry/stub-registry.js';
import { TokenService } from '../registry/token-service.js';
import { makeCertificates } from '../remote/certificates.js';
import {
  Customer,
  digestsBelow,
  digestsOf,
  end,
  flipStored,
  imageAt,
  inside,
  logOf,
  pusherOf,
  REPOSITORY,
  readFailed,
  readFile,
  readRight,
} from '../support/container.js';
import { indexInside } from '../support/container-layers.js';
import { devFusePlain, devFuseRoot } from '../support/front-end.js';
import { noPython } from '../support/python.js';
import { REGISTRY_USER, RegistryServer, withoutRegistry } from '../support/registry.js';
import { imageContent, sha256 } from '../support/registry-push.js';
import { spreadImage } from '../support/remote-spread.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const skip = devFuseRoot.missing ?? (withoutRegistry() || noPython) ?? false;
t.jobs = 4;
const KIB = 1024;
const spread = spreadImage(11, { kept: 100 * KIB, victim: 150 * KIB, other: 60 * KIB });
const file = (name: string): Uint8Array => spread.files.get(name)!;
const { user, password } = REGISTRY_USER;

/** What is not read does not come; who waits is not kept waiting for a minute. */
const BARE = ['--readahead', '0', '--hedge-after', '0', '--prefetch', 'none', '--read-timeout', '5'];

async function registryWith(t: Test, layers = [{ bytes: spread.bytes }]): Promise<RegistryServer> {
  const registry = await RegistryServer.start(t, scratch);
  await pusherOf(registry).image({ layers }, 'one');
  return registry;
}

t.test('a registry that goes and comes back', { skip, buffered: true }, async (t) => {
  const registry = await registryWith(t);
  const customer = new Customer(scratch);
  const what = { image: imageAt(registry, 'one'), words: BARE };
  const mounted = await customer.mount(scratch, devFuseRoot, what);
  t.match(await readFile(mounted, 'kept'), readRight(file('kept')));
  await registry.stop();
  t.match(await readFile(mounted, 'victim'), readFailed(/victim: Input\/output error/), 'an error in time');
  t.match(logOf(mounted), /ECONNREFUSED/, 'the log has the reason');
  t.match(await readFile(mounted, 'kept'), readRight(file('kept')), 'what is kept is right');
  await registry.run({});
  t.match(await readFile(mounted, 'victim'), readRight(file('victim')), 'right when it is back');
  await end(t, mounted);

  await registry.stop();
  const without = await customer.mount(scratch, devFuseRoot, what);
  t.match(without.said.stderr, /ECONNREFUSED[^\n]*; going on with what is in the cache, sha256:/);
  t.match(await readFile(without, 'kept'), readRight(file('kept')), 'mounted without it');
  t.match(await readFile(without, 'other'), readFailed(/Input\/output error/));
  await registry.run({});
  t.match(await readFile(without, 'other'), readRight(file('other')));
  await end(t, without);
});

for (const [name, layers] of [
  ['a layer as it is', [{ bytes: spread.bytes }]],
  ['a layer in chunks', indexInside(spread.bytes)],
] as const) {
  t.test(`all of ${name}, and the network is gone`, { skip, buffered: true }, async (t) => {
    const registry = await registryWith(t, [...layers]);
    const customer = new Customer(scratch, 'plain');
    const image = imageAt(registry, 'one');
    t.match(await customer.erofs('pull', [image]), { status: 0, stderr: '' });
    await registry.stop();
    const mounted = await customer.mount(scratch, devFusePlain, { image, words: ['--offline'] });
    t.match(await digestsBelow(mounted, 'plain'), digestsOf(Object.fromEntries(spread.files)));
    await end(t, mounted);
    const never = await new Customer(scratch).erofs('ls', ['--offline', image]);
    t.match(never, { status: 1, stdout: '', stderr: /^erofs ls: [^\n]* is not in the cache[^\n]*\n$/ });
  });
}

t.test('tokens that end while it is mounted', { skip, buffered: true }, async (t) => {
  const certificates = makeCertificates(t, scratch);
  const tokens = await TokenService.start(t, { certificates, users: { [user]: password }, lifetime: 1 });
  const registry = await registryWith(t);
  const { realm, service, issuer } = tokens;
  await registry.run({ tokens: { realm, service, issuer, caFile: certificates.caFile } });
  const customer = new Customer(scratch);
  customer.login(registry.host, user, password);
  const mounted = await customer.mount(scratch, devFuseRoot, {
    image: imageAt(registry, 'one'),
    words: BARE,
  });
  for (const name of ['kept', 'victim', 'other']) {
    const before = tokens.seen.length;
    await sleep(1_100);
    t.match(await readFile(mounted, name), readRight(file(name)));
    t.ok(tokens.seen.length > before, `${name}: with a new token`);
  }
  await end(t, mounted);
});

t.test('tokens that are called back while it is mounted', { skip, buffered: true }, async (t) => {
  const tokens = await TokenService.start(t, { isOpen: true, lifetime: 600 });
  const stub = await StubRegistry.start(t);
  const { manifest, blobs } = imageContent({ layers: [{ bytes: spread.bytes }] });
  stub.put(REPOSITORY, [manifest, ...blobs], 'one');
  const scope = `repository:${REPOSITORY}:pull`;
  let refused = 0;
  stub.fault = ({ headers }, response) => {
    if (tokens.accepts(headers.authorization, scope)) return false;
    refused++;
    response.writeHead(401, { 'www-authenticate': tokens.challenge(scope) }).end();
    return true;
  };
  const customer = new Customer(scratch);
  const image = `oci://${stub.host}/${REPOSITORY}:one`;
  const mounted = await customer.mount(scratch, devFuseRoot, { image, words: BARE });
  for (const name of ['kept', 'victim', 'other']) {
    tokens.revokeAll();
    const before = refused;
    t.match(await readFile(mounted, name), readRight(file(name)));
    t.ok(refused > before, `${name}: the old one was refused`);
  }
  await end(t, mounted);
});

t.test('a user who is another one while it is mounted', { skip, buffered: true }, async (t) => {
  const registry = await registryWith(t);
  await registry.run({ wantsPassword: true });
  const customer = new Customer(scratch);
  customer.login(registry.host, user, password);
  const mounted = await customer.mount(scratch, devFuseRoot, {
    image: imageAt(registry, 'one'),
    words: BARE,
  });
  t.match(await readFile(mounted, 'kept'), readRight(file('kept')));
  registry.setUser('bob');
  t.match(await readFile(mounted, 'victim'), readFailed(/Input\/output error/), 'alice is nobody any more');
  t.match(logOf(mounted), /401/, 'the log has the reason');
  customer.login(registry.host, 'bob', password);
  t.match(await readFile(mounted, 'victim'), readRight(file('victim')), 'bob may');
  t.match(await readFile(mounted, 'other'), readRight(file('other')));
  for (const secret of [password, Buffer.from(`bob:${password}`).toString('base64')]) {
    t.notOk((logOf(mounted) + mounted.said.stderr).includes(secret), 'no secret in the log');
  }
  await end(t, mounted);
});

t.test('mirrors that are asked first', { skip, buffered: true }, async (t) => {
  const layers = indexInside(spread.bytes);
  const [registry, mirror] = [await registryWith(t, [...layers]), await registryWith(t, [...layers])];
  const digest = sha256(layers[0]!.bytes);
  const customer = new Customer(scratch);
  customer.writeHosts(registry.host, `[host."${mirror.url}"]\ncapabilities = ["pull"]\n`);
  flipStored(mirror, digest, inside(file('victim')));
  const what = { image: imageAt(registry, 'one'), words: BARE };
  const mounted = await customer.mount(scratch, devFuseRoot, what);
  const asked = (of: RegistryServer) => of.requests().filter(({ path }) => path.includes(digest)).length;
  t.match(await readFile(mounted, 'kept'), readRight(file('kept')));
  t.ok(asked(mirror) > 0 && asked(registry) === 0, 'the mirror gives it');
  t.match(
    await readFile(mounted, 'victim'),
    readRight(file('victim')),
    'what it has wrong comes from the registry',
  );
  t.ok(asked(registry) > 0);
  await mirror.stop();
  t.match(await readFile(mounted, 'other'), readRight(file('other')), 'and all of it, without the mirror');
  await end(t, mounted);
});
