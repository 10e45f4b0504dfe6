/** Where credentials are found, and what becomes of files and programs that are not right. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import type { Credential } from '../../src/registry/credential.js';
import { type CredentialSources, findCredential } from '../../src/registry/credentials.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

const SECRETS = /sesame|c2VzYW1l|open/;
const scratch = new Scratch(t);
const signal = new AbortController().signal;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const entry = (user: string, password = 'sesame') => ({ auth: base64(`${user}:${password}`) });

/** A home with these files, and a PATH with these helpers. */
function sourcesOf(
  files: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv = {},
  helpers: Readonly<Record<string, string>> = {},
): CredentialSources & { readonly home: string } {
  const home = scratch.folder();
  for (const [path, content] of Object.entries(files)) {
    const file = join(home, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
  for (const [name, script] of Object.entries(helpers)) {
    const file = join(home, `docker-credential-${name}`);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }
  return { home, environment: { PATH: `${home}:/usr/bin:/bin`, ...environment } };
}

const find = (sources: CredentialSources, host = 'registry.test', repository = 'team/app') =>
  findCredential({ host, repository }, signal, sources);

const userOf = (found: Credential | undefined) => (found?.kind === 'password' ? found.username : found?.kind);

async function refusalOf(sources: CredentialSources): Promise<Error & { readonly code?: string }> {
  return find(sources).then(
    () => {
      throw new Error('it was taken');
    },
    (error) => error,
  );
}

t.test('the places, in their order', async (t) => {
  const one = (user: string) => ({ auths: { 'registry.test': entry(user) } });
  const files: Record<string, unknown> = {
    'config/config.json': one('docker-config'),
    '.docker/config.json': one('docker-home'),
    'run/containers/auth.json': one('podman-run'),
    '.config/containers/auth.json': one('podman-home'),
  };
  const { home } = sourcesOf(files);
  const variables: NodeJS.ProcessEnv = {
    DOCKER_AUTH_CONFIG: JSON.stringify(one('variable')),
    DOCKER_CONFIG: join(home, 'config'),
    XDG_RUNTIME_DIR: join(home, 'run'),
  };
  const asked = async (environment: NodeJS.ProcessEnv, folder = home) =>
    userOf(await find({ home: folder, environment }));
  t.equal(await asked(variables), 'variable');
  delete variables.DOCKER_AUTH_CONFIG;
  t.equal(await asked(variables), 'docker-config');
  delete variables.DOCKER_CONFIG;
  t.equal(await asked(variables), 'docker-home');
  const elsewhere = scratch.folder();
  t.equal(await asked(variables, elsewhere), 'podman-run');
  t.equal(await asked({ XDG_CONFIG_HOME: join(home, '.config') }, elsewhere), 'podman-home');
  t.equal(await asked({}, elsewhere), undefined, 'nobody in particular');
  const other = { auths: { 'other.test': entry('x') } };
  const both = sourcesOf({ '.docker/config.json': other, '.config/containers/auth.json': one('later') });
  t.equal(userOf(await find(both)), 'later', 'a file that does not know the registry is not the end');
  t.equal(userOf(await find(sourcesOf({ '.docker/config.json': ' ' }))), undefined, 'an empty file');
});

t.test('the keys of a registry', async (t) => {
  const found = async (keys: readonly string[], host = 'registry.test', repository = 'team/app') => {
    const auths = Object.fromEntries(keys.map((key) => [key, entry('me', `of ${key}`)]));
    const credential = await find(sourcesOf({ '.docker/config.json': { auths } }), host, repository);
    return credential?.kind === 'password' ? credential.password : undefined;
  };
  for (const key of [
    'registry.test',
    'https://registry.test',
    'https://registry.test/v1/',
    'registry.test/v2',
  ]) {
    t.equal(await found([key]), `of ${key}`, key);
  }
  t.equal(await found(['https://registry.test/v1/', 'registry.test']), 'of registry.test', 'exact first');
  t.equal(await found(['https://registry.test/some/path']), 'of https://registry.test/some/path');
  t.equal(await found(['registry.test:5000', 'sub.registry.test', 'registry.tes']), undefined);
  t.equal(
    await found(['registry.test:5000', 'registry.test'], 'registry.test:5000'),
    'of registry.test:5000',
  );
  const spaces = ['registry.test', 'registry.test/team/app', 'registry.test/team', 'registry.test/te'];
  t.equal(await found(spaces), 'of registry.test/team/app', 'the nearest');
  t.equal(await found(spaces, 'registry.test', 'team/other'), 'of registry.test/team');
  t.equal(await found(spaces, 'registry.test', 'teamwork'), 'of registry.test');
  t.equal(await found(['registry.test/other']), undefined, "another repository's");
  for (const key of ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io', 'registry-1.docker.io']) {
    t.equal(await found([key], 'docker.io', 'library/nginx'), `of ${key}`, key);
  }
  t.equal(await found(['docker.io/mine', 'docker.io'], 'docker.io', 'mine/app'), 'of docker.io/mine');
});

t.test('the forms of an entry', async (t) => {
  const found = (value: object) =>
    find(sourcesOf({ '.docker/config.json': { auths: { 'registry.test': value } } }));
  t.has(await found({ auth: base64('me:a:b\0\0') }), { kind: 'password', username: 'me', password: 'a:b' });
  t.has(await found({ username: 'me', password: 'p' }), {
    kind: 'password',
    username: 'me',
    password: 'p',
  });
  t.has(await found({ ...entry('me'), identitytoken: 'i' }), { kind: 'identity', token: 'i' });
  t.has(await found({ ...entry('me'), identitytoken: 'i', registrytoken: 'r' }), {
    kind: 'bearer',
    token: 'r',
  });
  t.equal(await found({}), undefined, 'what Docker leaves where a helper keeps it');
});

t.test('a file that is not right is named, and nothing of it shown', async (t) => {
  const config = (auths: unknown) => JSON.stringify({ auths });
  const cases: [string, RegExp][] = [
    ['{"auths": sesame', /config\.json cannot be used: JSON was expected/],
    ['["sesame"]', /config\.json cannot be used: an object/],
    [config(['sesame']), /^auths in .*config\.json cannot be used: an object/],
    [config({ 'registry.test': 'sesame' }), /^auths\["registry\.test"\] in /],
    [config({ 'registry.test': { auth: 'sesame!' } }), /^auth of auths\["registry\.test"\] in .*base64/],
    [config({ 'registry.test': { auth: base64('sesame') } }), /base64 of USER:PASSWORD/],
    [config({ 'registry.test': { auth: base64(':sesame') } }), /base64 of USER:PASSWORD/],
    [config({ 'registry.test': { identitytoken: ['sesame'] } }), /^identitytoken of .* a string/],
  ];
  for (const [text, message] of cases) {
    const refusal = await refusalOf(sourcesOf({ '.docker/config.json': text }));
    t.match(refusal, { name: 'RegistryError', code: 'credentials', message }, text);
    t.notMatch(`${refusal.stack} ${JSON.stringify(refusal)} ${refusal.cause}`, SECRETS);
  }
  const unreadable = sourcesOf({ '.docker/config.json/x': '' });
  t.match(await refusalOf(unreadable), { code: 'credentials', message: /cannot be read: EISDIR/ });
});

t.test('DOCKER_AUTH_CONFIG holds one thing alone', async (t) => {
  const given = (value: unknown) =>
    sourcesOf({}, { DOCKER_AUTH_CONFIG: typeof value === 'string' ? value : JSON.stringify(value) });
  const auths = { 'registry.test': entry('me') };
  t.equal(userOf(await find(given({ auths }))), 'me');
  for (const wrong of [
    { auths, credsStore: 'sesame' },
    { auths: { 'registry.test': { ...entry('me'), email: 'sesame' } } },
    { auths: { 'registry.test': { username: 'me', password: 'sesame' } } },
    { auths: { 'registry.test': {} } },
    `${JSON.stringify({ auths })} {"auths":{"a":{"auth":"sesame"}}}`,
    'sesame',
  ]) {
    const refusal = await refusalOf(given(wrong));
    t.match(refusal, { code: 'credentials', message: /^DOCKER_AUTH_CONFIG cannot be used/ });
    t.notMatch(refusal.message, SECRETS);
  }
});

t.test('helpers: of the host, of all, and then the file itself', async (t) => {
  const answer = (user: string) => `printf '{"ServerURL":"x","Username":"${user}","Secret":"sesame"}'`;
  const unknown = 'echo "credentials not found in native keychain"; exit 1';
  const config = (fields: object) => ({
    '.docker/config.json': { auths: { 'registry.test': entry('file') }, ...fields },
  });
  const both = { credHelpers: { 'registry.test': 'own' }, credsStore: 'all' };
  const helpers = { own: answer('own'), all: answer('all'), unknown };
  const found = async (fields: object, host?: string) =>
    userOf(await find(sourcesOf(config(fields), {}, helpers), host));
  t.equal(await found(both), 'own');
  t.equal(await found(both, 'other.test'), 'all');
  t.equal(await found({ credsStore: 'all' }), 'all');
  t.equal(await found({ credsStore: 'unknown' }), 'file', 'one that does not know it is not the end');
  t.equal(await found({ credsStore: 'unknown' }, 'other.test'), undefined);
  const token = { all: answer('<token>') };
  t.match(await find(sourcesOf(config({ credsStore: 'all' }), {}, token)), {
    kind: 'identity',
    token: 'sesame',
    source: 'docker-credential-all',
  });
});

t.test('what a helper is told', async (t) => {
  const told = async (host: string) => {
    const script = 'printf \'{"Username":"%s %s","Secret":"s"}\' "$1" "$(cat)"';
    return userOf(
      await find(sourcesOf({ '.docker/config.json': { credsStore: 'echo' } }, {}, { echo: script }), host),
    );
  };
  t.equal(await told('registry.test:5000'), 'get registry.test:5000');
  t.equal(await told('docker.io'), 'get https://index.docker.io/v1/');
});

t.test('helpers that do not do what they should', async (t) => {
  const cases: [string, string, RegExp][] = [
    [
      'fails',
      'echo sesame; echo sesame >&2; exit 3',
      /^docker-credential-fails gives no credential for registry\.test: it ended with status 3; try: printf/,
    ],
    ['babbles', 'echo sesame', /its answer is no JSON with Username and Secret/],
    ['half', 'echo \'{"Secret":"sesame"}\'', /its answer is no JSON with Username and Secret/],
    ['endless', 'yes sesame', /its answer does not end/],
    ['absent', '', /it is not installed/],
  ];
  for (const [name, script, message] of cases) {
    const helpers = name === 'absent' ? {} : { [name]: script };
    const refusal = await refusalOf(sourcesOf({ '.docker/config.json': { credsStore: name } }, {}, helpers));
    t.match(refusal, { name: 'RegistryError', code: 'credentials', message }, name);
    t.notMatch(`${refusal.stack} ${JSON.stringify(refusal)} ${refusal.cause}`, SECRETS);
  }
  for (const name of ['../evil', 'a/b', 'a b', 'a;b']) {
    const refusal = await refusalOf(sourcesOf({ '.docker/config.json': { credsStore: name } }));
    t.match(refusal, { code: 'credentials', message: /is no name of a credential helper/ }, name);
  }
});

t.test('a helper that does not end is ended, with what it started', async (t) => {
  const pidFile = scratch.file('pid');
  const script = `sleep 1000 & echo $! > ${pidFile}; wait`;
  const sources = sourcesOf({ '.docker/config.json': { credsStore: 'slow' } }, {}, { slow: script });
  const late = { ...sources, patience: 1000 };
  t.match(await refusalOf(late), { code: 'credentials', message: /it did not end within 1 s/ });
  t.ok(await until(() => !isRunning(Number(readFileSync(pidFile, 'utf8')))), 'its child is gone as well');
  const abort = new AbortController();
  const found = findCredential({ host: 'registry.test', repository: 'a' }, abort.signal, sources);
  abort.abort(new Error('nobody waits'));
  await t.rejects(found, { message: 'nobody waits' });
});

/** A zombie has ended: its state stands behind the name, which has brackets. */
function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
