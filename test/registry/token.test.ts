/** What the answer of a token service means, and asking it: both ways, with every kind of credential. */
import t, { type Test } from 'tap';
import { chooseChallenge, parseChallenges } from '../../src/registry/challenge.js';
import type { Credential } from '../../src/registry/credential.js';
import { parseToken } from '../../src/registry/token.js';
import { requestToken, type TokenQuestion } from '../../src/registry/token-request.js';
import type { FetchFailure } from '../../src/remote/fetch-failure.js';
import { HTTP_LIMITS } from '../../src/remote/http-options.js';
import { HttpTransport } from '../../src/remote/http-transport.js';
import { makeCertificates } from '../remote/certificates.js';
import { QUICK } from '../remote/opened-blob.js';
import { Scratch } from '../support/scratch.js';
import { GuardedServer } from './guarded-server.js';
import { TokenService } from './token-service.js';

const SCOPE = 'repository:team/app:pull';
const SECRETS = /sesame|c2VzYW1l|open/;
const limits = { ...HTTP_LIMITS, ...QUICK };
const signal = new AbortController().signal;
const certificates = makeCertificates(t, new Scratch(t));
const source = 'config.json';
const password: Credential = { kind: 'password', username: 'me', password: 'sesame', source };
const identity: Credential = { kind: 'identity', token: 'sesame', source };

const challengeOf = (text: string) => chooseChallenge(parseChallenges([text]))!;

/** Asks the service as the registry's challenge says. */
async function ask(
  t: Test,
  challenge: string,
  question: Partial<TokenQuestion> = {},
  options: { readonly allowPrivateRedirects?: boolean; readonly caFile?: string } = {},
) {
  const { caFile, ...rules } = options;
  const transport = new HttpTransport(caFile === undefined ? {} : { caFile }, limits);
  t.teardown(() => transport.close());
  const registry = new URL('http://localhost:5000/v2/');
  const asked = {
    registry,
    challenge: challengeOf(challenge),
    scope: SCOPE,
    credential: undefined,
    ...question,
  };
  return requestToken(asked, { transport, limits, ...rules }, signal);
}

t.test('how long a token lives', async (t) => {
  const now = Date.parse('2030-01-01T00:00:00Z');
  const date = new Date(now + 3_600_000).toUTCString();
  const parse = (document: object, fields = {}) => {
    const body = Buffer.from(JSON.stringify(document));
    const { value, expires, renewed } = parseToken({ status: 200, fields, body }, now, 1);
    return [value, expires - now, renewed - now];
  };
  t.same(parse({ token: 'a' }), ['a', 60_000, 45_000], 'a minute where nothing is said');
  t.same(parse({ access_token: 'b', expires_in: 300 }), ['b', 300_000, 280_000]);
  t.same(parse({ token: 'a', access_token: 'b', expires_in: 4 }), ['a', 4_000, 3_000]);
  t.same(parse({ token: 'a', expires_in: 300, issued_at: '2029-12-31T23:59:00Z' }), ['a', 240_000, 220_000]);
  t.same(
    parse({ token: 'a', expires_in: 300, issued_at: '2030-01-01T00:58:00Z' }, { date }),
    ['a', 180_000, 160_000],
    "by the server's own clock, which is an hour ahead",
  );
  for (const issued of ['2020-01-01T00:00:00Z', '2031-01-01T00:00:00Z', 'yesterday', 5]) {
    t.same(
      parse({ token: 'a', expires_in: 300, issued_at: issued }),
      ['a', 300_000, 280_000],
      String(issued),
    );
  }
  for (const strange of [0, -5, '300', null]) {
    t.same(parse({ token: 'a', expires_in: strange }), ['a', 60_000, 45_000], String(strange));
  }
});

t.test('answers without a token', async (t) => {
  for (const text of [
    'sesame',
    '{"token": "sesame',
    '"sesame"',
    'null',
    '{}',
    '{"token":5}',
    '{"token":"se\\nsame"}',
  ]) {
    const act = () => parseToken({ status: 200, fields: {}, body: Buffer.from(text) });
    t.throws(act, { name: 'FetchFailure', code: 'protocol' }, text);
    try {
      act();
    } catch (error) {
      t.notMatch(`${(error as Error).stack} ${(error as Error).cause}`, /se\n?same/);
    }
  }
});

t.test('nobody in particular asks', async (t) => {
  const service = await TokenService.start(t, { isOpen: true });
  const token = await ask(t, service.challenge('repository:b:pull repository:a:pull repository:a:pull'));
  t.ok(service.accepts(`Bearer ${token.value}`, 'repository:a:pull'));
  const [seen] = service.seen;
  t.equal(seen?.method, 'GET');
  t.equal(seen?.authorization, undefined);
  t.equal(seen?.parameters.get('service'), service.service);
  t.same(seen?.parameters.getAll('scope'), ['repository:a:pull', 'repository:b:pull'], 'sorted, each once');
  await ask(t, service.challenge());
  t.same(service.seen[1]?.parameters.getAll('scope'), [SCOPE], 'where the registry does not say for what');
  await ask(t, `Bearer realm="${service.realm}?account=x#part"`);
  t.same(
    [...(service.seen[2]?.parameters ?? [])],
    [
      ['account', 'x'],
      ['scope', SCOPE],
    ],
  );
});

t.test('a user and a password, and an identity token, by POST', async (t) => {
  const service = await TokenService.start(t, { users: { me: 'sesame' }, identityTokens: ['sesame'] });
  t.ok((await ask(t, service.challenge(SCOPE), { credential: password })).value);
  t.ok((await ask(t, service.challenge(SCOPE), { credential: identity })).value);
  const forms = service.seen.map(({ method, parameters }) => [method, ...parameters]);
  const rest = [
    ['service', service.service],
    ['client_id', 'erofsjs'],
    ['scope', SCOPE],
  ];
  t.same(forms, [
    ['POST', ['grant_type', 'password'], ['username', 'me'], ['password', 'sesame'], ...rest],
    ['POST', ['grant_type', 'refresh_token'], ['refresh_token', 'sesame'], ...rest],
  ]);
});

t.test('a service that knows GET alone', async (t) => {
  for (const postStatus of [400, 401, 404, 405]) {
    const service = await TokenService.start(t, { users: { me: 'sesame' }, postStatus });
    t.ok((await ask(t, service.challenge(SCOPE), { credential: password })).value, String(postStatus));
    t.same(
      service.seen.map(({ method }) => method),
      ['POST', 'GET'],
    );
    t.equal(service.seen[1]?.authorization, `Basic ${Buffer.from('me:sesame').toString('base64')}`);
  }
  const service = await TokenService.start(t, { users: { me: 'sesame' }, postStatus: 403 });
  await t.rejects(ask(t, service.challenge(SCOPE), { credential: password }), {
    code: 'refused',
    status: 403,
  });
  t.equal(service.seen.length, 1, 'a plain no is one');
});

t.test('what a service does not give is told with its place, without a secret', async (t) => {
  const service = await TokenService.start(t, { users: { me: 'other' } });
  const place = `no token from ${service.realm}: it answered 401`;
  const login = 'log in, as with: docker login localhost:5000';
  const refusal = async (question: Partial<TokenQuestion>): Promise<unknown> =>
    ask(t, service.challenge(SCOPE), question).catch((error) => error);
  t.match(await refusal({}), {
    code: 'refused',
    message: `${place}, for it wants to know who asks: ${login}`,
  });
  const secrets = { [password.kind]: 'user and password', [identity.kind]: 'identity token' };
  for (const credential of [password, identity]) {
    const failure = (await refusal({ credential })) as FetchFailure;
    const message = `${place}, for it does not accept the ${secrets[credential.kind]} of ${source}: ${login}`;
    t.match(failure, { name: 'FetchFailure', code: 'refused', status: 401, message });
    t.notMatch(`${failure.stack} ${JSON.stringify(failure)} ${failure.cause}`, SECRETS);
  }
});

t.test('a service that is tired is asked again', async (t) => {
  const service = await TokenService.start(t, { isOpen: true });
  service.faults.push(
    (response) => response.writeHead(503).end(),
    (response) => void response.socket?.destroy(),
  );
  t.ok((await ask(t, service.challenge(SCOPE))).value);
  t.equal(service.seen.length, 3);
  for (let count = 0; count < 3; count++) service.faults.push((response) => response.writeHead(500).end());
  const failure = await ask(t, service.challenge(SCOPE)).catch((error) => error);
  t.match(failure, { code: 'unreachable', transient: true, status: 500, message: /it answered 500/ });
});

t.test('where a registry may send its clients', async (t) => {
  const service = await TokenService.start(t, { isOpen: true, users: { me: 'sesame' } });
  const registry = new URL('https://203.0.113.5/v2/');
  const question = { registry, credential: password };
  const plain = `Bearer realm="http://auth.test/token"`;
  await t.rejects(ask(t, plain, question), {
    code: 'refused',
    message: /http:\/\/auth\.test.*https was expected/,
  });
  await t.rejects(ask(t, service.challenge(), question), { code: 'refused', message: /https was expected/ });
  await t.rejects(ask(t, 'Bearer realm="file:///etc/passwd"'), { code: 'refused' });
  await t.rejects(ask(t, 'Bearer realm="token"'), { code: 'protocol', message: /does not name a URL/ });
  t.equal(service.seen.length, 0, 'nothing was sent');
});

t.test('a public registry does not lead to a private address, unless that is allowed', async (t) => {
  const service = await TokenService.start(t, { users: { me: 'sesame' }, certificates, isTls: true });
  const { caFile } = certificates;
  const question = { registry: new URL('https://203.0.113.5/v2/'), credential: password };
  const refused = { code: 'refused', message: /a public server leads to localhost/ };
  await t.rejects(ask(t, service.challenge(SCOPE), question, { caFile }), refused);
  t.equal(service.seen.length, 0);
  t.ok((await ask(t, service.challenge(SCOPE), question, { caFile, allowPrivateRedirects: true })).value);
  const ofPrivate = { ...question, registry: new URL('https://10.0.0.1/v2/') };
  t.ok((await ask(t, service.challenge(SCOPE), ofPrivate, { caFile })).value, 'a private one may');
});

t.test('redirects of a token service', async (t) => {
  const other = await GuardedServer.start(t, () => undefined);
  const service = await TokenService.start(t, { users: { me: 'sesame' }, postStatus: 404 });
  service.faults.push(
    (response) => response.writeHead(404).end(),
    (response) => response.writeHead(307, { location: other.host.base }).end(),
  );
  await t.rejects(ask(t, service.challenge(SCOPE), { credential: password }), { code: 'protocol' });
  t.same(other.seen, [undefined], 'the password stays');
  service.faults.push((response) => response.writeHead(307, { location: other.host.base }).end());
  await t.rejects(ask(t, service.challenge(SCOPE), { credential: password }), {
    code: 'protocol',
    message: /answered 307: a POST is not sent to another place/,
  });
  t.equal(other.seen.length, 1);
});
