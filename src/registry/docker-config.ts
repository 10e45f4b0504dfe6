/**
 * Files of credentials as Docker and Podman write them: { auths, credHelpers, credsStore }.
 *
 * LAW: messages name files and keys, never what stands there; so they do not repeat what a parser says of the text.
 */
import { readFileSync } from 'node:fs';
import { type Credential, credentialOf } from './credential.js';
import { credentialHostOf, DOCKER_HUB } from './docker-hub.js';
import { RegistryError } from './errors.js';

export interface DockerConfig {
  /** the file or variable, for messages */
  readonly source: string;
  readonly auths: Readonly<Record<string, unknown>>;
  readonly credHelpers: Readonly<Record<string, unknown>>;
  readonly credsStore: string | undefined;
}

/** Whose credentials are wanted. */
export interface CredentialTarget {
  /** HOST or HOST:PORT; "docker.io" for Docker Hub */
  readonly host: string;
  readonly repository: string;
}

/** Undefined where there is no such file. Throws RegistryError 'credentials'. */
export function readDockerConfig(file: string): DockerConfig | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new RegistryError('credentials', `${file} has credentials, and cannot be read: ${code}`);
  }
  const { auths, credHelpers, credsStore } = text.trim() === '' ? {} : parseObject(text, file);
  return {
    source: file,
    auths: tableOf(auths, `auths in ${file}`),
    credHelpers: tableOf(credHelpers, `credHelpers in ${file}`),
    credsStore: typeof credsStore === 'string' && credsStore !== '' ? credsStore : undefined,
  };
}

/** DOCKER_AUTH_CONFIG: auths alone, each with `auth` alone, and nothing else. Throws RegistryError 'credentials'. */
export function parseAuthVariable(text: string, source: string): DockerConfig {
  const { auths, ...rest } = parseObject(text, source);
  const table = tableOf(auths, `auths in ${source}`);
  const isRight =
    Object.keys(rest).length === 0 &&
    Object.entries(table).every(([key, entry]) => {
      const { auth, ...others } = tableOf(entry, `auths["${key}"] in ${source}`);
      return typeof auth === 'string' && Object.keys(others).length === 0;
    });
  if (!isRight) throw wrong(source, '{"auths":{"HOST":{"auth":"BASE64"}}} and no other field');
  return { source, auths: table, credHelpers: {}, credsStore: undefined };
}

/** The credential that stands in the file itself. Throws RegistryError 'credentials' where its entry is not right. */
export function storedCredential(config: DockerConfig, target: CredentialTarget): Credential | undefined {
  const { auths, source } = config;
  for (const key of keysFor(auths, target)) {
    const place = `auths["${key}"] in ${source}`;
    const found = readEntry(tableOf(auths[key], place), place, source);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The name of the program that has the credential: the host's own one goes before the one for all. */
export function helperOf(config: DockerConfig, target: CredentialTarget): string | undefined {
  const own = keysFor(config.credHelpers, target).map((key) => config.credHelpers[key])[0];
  return typeof own === 'string' && own !== '' ? own : config.credsStore;
}

/** What is kept about the target, by how near it is: REGISTRY/NAME/SPACE as Podman has it, then the registry. */
function keysFor(table: Readonly<Record<string, unknown>>, target: CredentialTarget): readonly string[] {
  const name = `${target.host}/${target.repository}/`;
  return Object.keys(table)
    .map((key) => ({ key, space: spaceOf(key) }))
    .filter(({ space }) => name.startsWith(`${space}/`))
    .sort((left, right) => right.space.length - left.space.length || exactFirst(left.key, right.key, target))
    .map(({ key }) => key);
}

const exactFirst = (left: string, right: string, { host }: CredentialTarget): number =>
  Number(right === host) - Number(left === host);

/** With a scheme, or the path of an API, a key means the whole registry, however its path goes on. */
function spaceOf(key: string): string {
  const [, scheme, host = '', path = ''] = /^(https?:\/\/)?([^/]*)\/?(.*?)\/*$/s.exec(key)!;
  const isWhole = scheme !== undefined || path === '' || /^v[12]$/.test(path);
  return isWhole ? credentialHostOf(host) : `${credentialHostOf(host)}/${path}`;
}

/** What helpers know the registry by: Docker Hub by the address of an API that is no more. */
export const helperAddress = ({ host }: CredentialTarget): string =>
  host === DOCKER_HUB ? 'https://index.docker.io/v1/' : host;

type Table = Readonly<Record<string, unknown>>;

/** Undefined for an entry without anything, as Docker leaves it where a helper keeps the credential. */
function readEntry(entry: Table, place: string, source: string): Credential | undefined {
  const text = (name: string): string => {
    const value = entry[name] ?? '';
    if (typeof value !== 'string') throw wrong(`${name} of ${place}`, 'a string');
    return value;
  };
  const bearer = text('registrytoken');
  if (bearer !== '') return { kind: 'bearer', token: bearer, source };
  const identity = text('identitytoken');
  if (identity !== '') return { kind: 'identity', token: identity, source };
  const auth = text('auth');
  if (auth !== '') return decodeAuth(auth, place, source);
  const username = text('username');
  return username === '' ? undefined : credentialOf(username, text('password'), source);
}

/** base64 of "USER:PASSWORD", which some tools pad with NULs. */
function decodeAuth(auth: string, place: string, source: string): Credential {
  const decoded = /^[A-Za-z0-9+/_-]+=*$/.test(auth) ? Buffer.from(auth, 'base64').toString('utf8') : '';
  const colon = decoded.indexOf(':');
  if (colon < 1) throw wrong(`auth of ${place}`, 'the base64 of USER:PASSWORD');
  return credentialOf(decoded.slice(0, colon), decoded.slice(colon + 1).replace(/\0+$/, ''), source);
}

function parseObject(text: string, source: string): Table {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw wrong(source, 'JSON');
  }
  return tableOf(found, source);
}

function tableOf(value: unknown, place: string): Table {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw wrong(place, 'an object');
  return value as Table;
}

const wrong = (place: string, expected: string): RegistryError =>
  new RegistryError('credentials', `${place} cannot be used: ${expected} was expected`);
