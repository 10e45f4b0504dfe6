/**
 * A public server that leads its readers astray: to this machine and its network in every spelling, and to others with what
 * was meant for it alone. A proxy stands for all hosts and counts the bytes of secrets that any but the first one is sent.
 */
import t, { type Test } from 'tap';
import { chooseChallenge, parseChallenges } from '../../src/registry/challenge.js';
import { requestToken } from '../../src/registry/token-request.js';
import type { FetchFailure } from '../../src/remote/fetch-failure.js';
import { HTTP_LIMITS } from '../../src/remote/http-options.js';
import { HttpTransport } from '../../src/remote/http-transport.js';
import { isPrivateHost } from '../../src/remote/private-address.js';
import { FaultServer, type Seen, serve } from './fault-server.js';
import * as faults from './faults.js';
import { blobOf, openedBlob, QUICK } from './opened-blob.js';
import { privateHosts, publicHosts } from './private-hosts.js';
import { withProxy } from './proxy-environment.js';

const SIZE = 5_000;
const ORIGIN = 'http://origin.test';
/** Each of another length, so that a sum says which were sent. */
const SECRETS = ['bearer-secret-1', 'header-secret-22', 'cookie-secret-333', 'query-secret-4444'];
const CREDENTIALS = {
  token: SECRETS[0]!,
  headers: { 'x-api-key': SECRETS[1]!, cookie: `session=${SECRETS[2]}` },
};
const START = `${ORIGIN}/image.erofs?signature=${SECRETS[3]}`;

const secretBytes = (seen: Seen): number => {
  const said = JSON.stringify(seen);
  return SECRETS.reduce((sum, secret) => sum + (said.split(secret).length - 1) * secret.length, 0);
};

/** Through a proxy, which is asked for absolute URLs. */
const isOrigin = ({ path }: Seen): boolean => path.startsWith(`${ORIGIN}/`);

/** A proxy that is all hosts. */
class Hosts {
  readonly proxy: FaultServer;

  private constructor(proxy: FaultServer) {
    this.proxy = proxy;
  }

  static async start(t: Test): Promise<Hosts> {
    const proxy = await FaultServer.start(t, blobOf(SIZE));
    // by its name, which stands for a private address: the proxy is the user's, and no redirect led there
    withProxy(t, { http_proxy: proxy.url('', 'localhost') });
    return new Hosts(proxy);
  }

  /** They lead on from one place of `way` to the next, and serve the blob at its end. Gives what is asked meanwhile. */
  lead(way: readonly string[], code = 302): Seen[] {
    let step = 0;
    this.proxy.always = (exchange) => {
      const next = way[step++];
      if (next === undefined) serve(exchange);
      else faults.redirect(next, code)(exchange);
    };
    this.proxy.seen.length = 0;
    return this.proxy.seen;
  }
}

t.test('which hosts are private', async (t) => {
  for (const [list, expected] of [
    [privateHosts, true],
    [publicHosts, false],
  ] as const) {
    for (const host of list) {
      t.equal(await isPrivateHost(new URL(`http://${host}/`).hostname), expected, host);
    }
  }
});

t.test('to this machine and its network', async (t) => {
  const codes = [301, 302, 303, 307, 308];
  const hosts = await Hosts.start(t);
  // a field has no other letters
  const inFields = privateHosts.filter((host) => /^[\x20-\x7e]*$/.test(host));
  for (const [index, host] of inFields.entries()) {
    const asked = hosts.lead([`http://${host}/blob`], codes[index % codes.length]);
    const failed = await openedBlob(t, START, CREDENTIALS).catch((error) => error);
    t.match(failed, { code: 'refused', message: /a public server leads to .* private network/ }, host);
    t.ok(asked.length > 0 && asked.every(isOrigin), `${host}: nothing else is asked`);
    t.equal(
      SECRETS.find((secret) => `${failed.stack} ${failed.cause}`.includes(secret)),
      undefined,
    );
  }
});

const CANARY = 'http://elsewhere.test/blob';
const ways: Readonly<Record<string, readonly string[]>> = {
  'another host': [CANARY],
  'a host below': ['http://sub.origin.test/blob'],
  'a host above': ['http://test/blob'],
  'a host that ends alike': ['http://notorigin.test/blob'],
  'a host that begins alike': ['http://origin.test.elsewhere.test/blob'],
  'another port': ['http://origin.test:8080/blob'],
  'the host as a user': ['http://origin.test@elsewhere.test/blob'],
  'the host and a port as a user and password': ['http://origin.test:80@elsewhere.test/blob'],
  'the host in the path': ['http://elsewhere.test/origin.test/../blob'],
  'without a scheme': ['//elsewhere.test/blob'],
  'with backslashes': ['\\\\elsewhere.test\\blob'],
  'with a line break': ['http://else\twhere.test/blob'],
  'first within the host': ['/there', CANARY],
  'and back again': [CANARY, `${ORIGIN}/back`],
  'and back over a third': [CANARY, 'http://third.test/', `${ORIGIN}/back`],
  'by a public address': ['http://203.0.113.5/blob'],
  'by a public address of IPv6': ['http://[2001:db8::1]/blob'],
};

for (const [name, way] of Object.entries(ways)) {
  t.test(`elsewhere: ${name}`, async (t) => {
    const asked = (await Hosts.start(t)).lead(way);
    await openedBlob(t, START, CREDENTIALS);
    const [first] = asked;
    t.equal(secretBytes(first!), SECRETS.join('').length, 'the first one is told all of it');
    let left = false;
    for (const seen of asked) {
      left ||= !isOrigin(seen);
      if (left) t.equal(secretBytes(seen), 0, `not a byte to ${seen.path}, nor behind it`);
      t.notOk(seen.headers.referer, 'nor from where it was led');
    }
    t.ok(left, 'others were asked');
  });
}

t.test('a name of the same host in other letters is the same host', async (t) => {
  const asked = (await Hosts.start(t)).lead(['http://ORIGIN.test:80/there']);
  await openedBlob(t, START, CREDENTIALS);
  t.equal(asked[1]?.headers.authorization, `Bearer ${SECRETS[0]}`);
});

t.test('what is no web server', async (t) => {
  const hosts = await Hosts.start(t);
  for (const target of [
    'file:///etc/passwd',
    'ftp://elsewhere.test/x',
    'data:,x',
    'javascript:1',
    'unix:/run/x',
    'http://',
  ]) {
    const asked = hosts.lead([target]);
    await t.rejects(openedBlob(t, START, CREDENTIALS), { code: 'protocol' }, target);
    t.equal(asked.length, 1, target);
  }
});

t.test('to a token service of this machine and its network', async (t) => {
  const limits = { ...HTTP_LIMITS, ...QUICK };
  const transport = new HttpTransport({}, limits);
  t.teardown(() => transport.close());
  const credential = {
    kind: 'password',
    username: 'me',
    password: SECRETS[0]!,
    source: 'config.json',
  } as const;
  for (const host of privateHosts) {
    const challenge = chooseChallenge(parseChallenges([`Bearer realm="https://${host}/token"`]))!;
    const question = {
      registry: new URL('https://203.0.113.5/v2/'),
      challenge,
      scope: 'repository:a:pull',
      credential,
    };
    const failed: FetchFailure = await requestToken(
      question,
      { transport, limits },
      new AbortController().signal,
    ).catch((error) => error);
    t.match(failed, { code: 'refused', message: /a public server leads to / }, host);
    t.notMatch(failed.stack ?? '', /secret/);
  }
});
