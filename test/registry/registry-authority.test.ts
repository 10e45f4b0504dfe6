/** Who asks a registry: challenges, tokens that are renewed, credentials that change while it is read. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { RegistryAuthorities } from '../../src/registry/registry-authorities.js';
import { RegistryAuthority } from '../../src/registry/registry-authority.js';
import type { HttpOptions } from '../../src/remote/http-options.js';
import { QUICK } from '../remote/opened-blob.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';
import { GuardedServer, type Refusal } from './guarded-server.js';
import { TokenService, type TokenServiceOptions } from './token-service.js';

const SCOPE = 'repository:team/app:pull';
const SECRETS = /sesame|c2VzYW1l|open/;
const scratch = new Scratch(t);
const http: HttpOptions = { limits: QUICK };
const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** A home whose config.json says this. */
class Home {
  readonly path = scratch.folder();
  readonly sources = { home: this.path, environment: { PATH: process.env.PATH } };

  constructor() {
    mkdirSync(join(this.path, '.docker'));
  }

  write(config: object): void {
    writeFileSync(join(this.path, '.docker/config.json'), JSON.stringify(config));
  }

  login(registry: string, user: string, password: string): void {
    const auth = Buffer.from(`${user}:${password}`).toString('base64');
    this.write({ auths: { [registry]: { auth } } });
  }
}

/** A registry whose tokens are a service's, and who asks it. */
async function tokenRegistry(t: Test, options: TokenServiceOptions) {
  const service = await TokenService.start(t, options);
  const refuse = (authorization: string | undefined): Refusal | undefined =>
    service.accepts(authorization, SCOPE)
      ? undefined
      : { status: 401, challenges: [service.challenge(SCOPE)] };
  const server = await GuardedServer.start(t, refuse);
  const home = new Home();
  const authority = new RegistryAuthority(server.host, 'team/app', http, home.sources);
  return { service, server, home, authority };
}

/** Lets this process believe that so much time has passed. */
function passTime(t: Test, milliseconds: number): void {
  const now = Date.now;
  Date.now = () => now() + milliseconds;
  t.teardown(() => {
    Date.now = now;
  });
}

const kinds = (seen: readonly (string | undefined)[]) => seen.map((value) => value?.split(' ')[0]);

t.test('a registry that does not want to know is told nothing', async (t) => {
  const server = await GuardedServer.start(t, () => undefined);
  const home = new Home();
  home.login(server.registry, 'me', 'sesame');
  t.equal(await server.ask(new RegistryAuthority(server.host, 'team/app', http, home.sources)), 200);
  t.same(server.seen, [undefined]);
});

t.test('Basic', async (t) => {
  let password = 'sesame';
  const server = await GuardedServer.start(t, (authorization) =>
    authorization === basic('me', password) ? undefined : { status: 401, challenges: ['Basic realm="x"'] },
  );
  const home = new Home();
  const authority = new RegistryAuthority(server.host, 'team/app', http, home.sources);
  t.equal(await server.ask(authority), 401, 'nobody is known');
  t.same(server.seen, [undefined], 'and nothing is tried');
  home.login(server.registry, 'me', 'sesame');
  t.equal(await server.ask(authority), 200);
  t.equal(await server.ask(authority), 200);
  t.same(kinds(server.seen), [undefined, undefined, 'Basic', 'Basic'], 'sent at once from then on');
  password = 'changed';
  t.equal(await server.ask(authority), 401);
  home.login(server.registry, 'me', 'changed');
  t.equal(await server.ask(authority), 200, 'a password that was changed is read again');
});

t.test('one token for all who ask, and for the next ones', async (t) => {
  const { service, server, authority } = await tokenRegistry(t, { isOpen: true });
  const statuses = await Promise.all(Array.from({ length: 8 }, () => server.ask(authority)));
  t.same(new Set(statuses), new Set([200]));
  t.equal(await server.ask(authority), 200);
  t.equal(service.seen.length, 1);
});

t.test('a helper is run once for all who ask', async (t) => {
  const { service, server, home } = await tokenRegistry(t, { users: { me: 'sesame' } });
  const runs = join(home.path, 'runs');
  const gate = join(home.path, 'gate');
  const script = [
    `echo >> ${runs}`,
    `while [ ! -e ${gate} ]; do sleep 0.05; done`,
    'echo \'{"Username":"me","Secret":"sesame"}\'',
  ];
  const helper = join(home.path, 'docker-credential-counting');
  writeFileSync(helper, ['#!/bin/sh', ...script, ''].join('\n'), { mode: 0o755 });
  home.write({ credsStore: 'counting' });
  const sources = { ...home.sources, environment: { PATH: `${home.path}:${process.env.PATH}` } };
  const authority = new RegistryAuthority(server.host, 'team/app', http, sources);
  const asking = Promise.all(Array.from({ length: 8 }, () => server.ask(authority)));
  t.ok(await until(() => server.seen.length === 8 && existsSync(runs)));
  writeFileSync(gate, '');
  t.same(new Set(await asking), new Set([200]));
  t.equal(readFileSync(runs, 'utf8'), '\n');
  t.equal(service.seen.length, 1);
  const another = new RegistryAuthority(server.host, 'team/app', http, sources);
  for (const meaning of ['met', 'met by another request before']) {
    t.ok(await another.refused({}, 401, [service.challenge(SCOPE)], new AbortController().signal), meaning);
  }
  t.equal(readFileSync(runs, 'utf8'), '\n\n');
});

t.test('an authority each host and repository', async (t) => {
  const { service, server, home } = await tokenRegistry(t, { isOpen: true });
  const authorities = new RegistryAuthorities(http, home.sources);
  const authority = authorities.of(server.host, 'team/app');
  t.equal(await server.ask(authority), 200);
  t.equal(authorities.of(server.host, 'team/app'), authority);
  const mirror = { ...server.host, isOrigin: false, namespace: 'registry.test' };
  t.not(authorities.of(mirror, 'team/app'), authority);
  const other = authorities.of(server.host, 'team/other');
  t.not(other, authority);
  t.same(await other.fields(new AbortController().signal), {}, 'a token is for its repository');
  t.equal(service.seen.length, 1);
});

t.test('a user and a password, an identity token, a token of the registry', async (t) => {
  const { service, server, home, authority } = await tokenRegistry(t, {
    users: { me: 'sesame' },
    identityTokens: ['identity'],
  });
  home.login(server.registry, 'me', 'sesame');
  t.equal(await server.ask(authority), 200);
  t.equal(service.seen[0]?.parameters.get('username'), 'me');
  const again = () => new RegistryAuthority(server.host, 'team/app', http, home.sources);
  home.write({ auths: { [server.registry]: { identitytoken: 'identity' } } });
  t.equal(await server.ask(again()), 200);
  t.equal(service.seen[1]?.parameters.get('refresh_token'), 'identity');
  const registrytoken = (await authority.fields(new AbortController().signal)).authorization?.slice(7);
  home.write({ auths: { [server.registry]: { registrytoken } } });
  t.equal(await server.ask(again()), 200);
  t.equal(service.seen.length, 2, 'which is sent as it is');
});

t.test('a token is renewed before its end, and where it has ended', async (t) => {
  const { service, server, authority } = await tokenRegistry(t, { isOpen: true });
  t.equal(await server.ask(authority), 200);
  passTime(t, 4_500);
  t.equal(await server.ask(authority), 200);
  t.equal(service.seen.length, 2, 'half a second before its end');
  passTime(t, 10_000);
  t.equal(await server.ask(authority), 200);
  t.equal(service.seen.length, 3);
  t.same(kinds(server.seen), [undefined, 'Bearer', 'Bearer', 'Bearer'], 'no request was in vain');
});

t.test('where a token cannot be renewed ahead of time, the old one is good until its end', async (t) => {
  const { service, server, authority } = await tokenRegistry(t, { isOpen: true });
  t.equal(await server.ask(authority), 200);
  passTime(t, 4_500);
  service.faults.push((response) => response.writeHead(503).end());
  t.same(await Promise.all([server.ask(authority), server.ask(authority)]), [200, 200]);
  t.equal(await server.ask(authority), 200);
  t.equal(service.seen.length, 2, 'asked once, not each time');
  passTime(t, 5_000);
  for (let count = 0; count < 3; count++) service.faults.push((response) => response.writeHead(503).end());
  await t.rejects(server.ask(authority), { code: 'unreachable', transient: true });
  t.equal(await server.ask(authority), 200, 'it recovers with the service');
});

t.test('tokens that are revoked', async (t) => {
  const { service, server, authority } = await tokenRegistry(t, { isOpen: true });
  t.equal(await server.ask(authority), 200);
  t.equal(await server.ask(authority), 200);
  service.revokeAll();
  t.equal(await server.ask(authority), 200);
  t.same(
    kinds(server.seen).slice(3),
    ['Bearer', undefined, 'Bearer'],
    'asked without a token, for a challenge that can be relied on',
  );
});

t.test('a registry that answers oddly to a token that is over', async (t) => {
  for (const odd of [
    { status: 401, challenges: [] },
    { status: 401, challenges: ['Basic realm="odd"'] },
    { status: 403, challenges: [] },
  ]) {
    const { service, server, authority } = await tokenRegistry(t, { isOpen: true });
    const { refuse } = server;
    server.refuse = (authorization) =>
      authorization === undefined ? refuse(undefined) : refuse(authorization) && odd;
    t.equal(await server.ask(authority), 200);
    t.equal(await server.ask(authority), 200);
    service.revokeAll();
    t.equal(await server.ask(authority), 200, JSON.stringify(odd));
  }
});

t.test('a token without the right to this is asked for once', async (t) => {
  const { service, server, authority } = await tokenRegistry(t, { isOpen: true });
  const challenges = [service.challenge(SCOPE)];
  server.refuse = (authorization) => ({ status: authorization === undefined ? 401 : 403, challenges });
  t.equal(await server.ask(authority), 403);
  t.equal(service.seen.length, 1);
  server.refuse = () => ({ status: 401, challenges });
  t.equal(await server.ask(authority), 401);
  t.ok(service.seen.length <= 2, String(service.seen.length));
});

t.test('credentials that change during a long mount', async (t) => {
  const { service, server, home, authority } = await tokenRegistry(t, { users: { me: 'sesame' } });
  home.login(server.registry, 'me', 'sesame');
  t.equal(await server.ask(authority), 200);
  service.users.set('me', 'open');
  service.revokeAll();
  const refusal = await server.ask(authority).catch((error) => error);
  t.match(refusal, {
    code: 'refused',
    status: 401,
    message: /does not accept the user and password of .*config\.json/,
  });
  t.notMatch(`${refusal.stack} ${JSON.stringify(refusal)} ${refusal.cause}`, SECRETS);
  home.login(server.registry, 'me', 'open');
  t.equal(await server.ask(authority), 200);
});

t.test('what the user gave goes to the registry at once, and to no mirror', async (t) => {
  let token = 'mine';
  const server = await GuardedServer.start(t, (authorization) =>
    authorization === `Bearer ${token}` ? undefined : { status: 401, challenges: ['Basic realm="x"'] },
  );
  const tokenFile = scratch.file('token', 'mine\n');
  const given: HttpOptions = { ...http, tokenFile, headers: { 'X-Key': 'k' } };
  const home = new Home();
  const authority = new RegistryAuthority(server.host, 'team/app', given, home.sources);
  t.equal(await server.ask(authority), 200);
  t.same(server.seen, ['Bearer mine']);
  t.match(await authority.fields(new AbortController().signal), { 'x-key': 'k' });
  token = 'other';
  t.equal(await server.ask(authority), 401);
  writeFileSync(tokenFile, 'other');
  t.equal(await server.ask(authority), 200, 'the file is read again');
  const mirror = { ...server.host, isOrigin: false, namespace: 'registry.test', headers: { 'x-own': 'o' } };
  const ofMirror = new RegistryAuthority(mirror, 'team/app', given, home.sources);
  t.same(await ofMirror.fields(new AbortController().signal), { 'x-own': 'o' });
  t.equal(await server.ask(ofMirror), 401);
  home.login(server.registry, 'me', 'sesame');
  t.equal(await server.ask(ofMirror), 401);
  t.equal(server.seen.at(-1), basic('me', 'sesame'), 'its own credentials it gets');
});

t.test('a file of credentials that is not right fails where it is needed', async (t) => {
  const { service, server, home, authority } = await tokenRegistry(t, { isOpen: true });
  writeFileSync(join(home.path, '.docker/config.json'), '{"auths": sesame');
  const failure = await server.ask(authority).catch((error) => error);
  t.match(failure, {
    name: 'FetchFailure',
    code: 'refused',
    message: /config\.json cannot be used: JSON was expected/,
  });
  t.notMatch(`${failure.stack} ${failure.cause}`, SECRETS);
  home.write({});
  t.equal(await server.ask(authority), 200);
  t.equal(service.seen.length, 1);
});

t.test('who no longer waits leaves, and the token comes for the others', async (t) => {
  const { service, server, authority } = await tokenRegistry(t, { isOpen: true });
  let open = () => {};
  service.gate = new Promise((resolve) => {
    open = resolve;
  });
  const abort = new AbortController();
  const leaving = server.ask(authority, abort.signal);
  const staying = server.ask(authority);
  t.ok(await until(() => service.seen.length > 0));
  abort.abort(new Error('enough'));
  await t.rejects(leaving, { message: 'enough' });
  open();
  t.equal(await staying, 200);
});
