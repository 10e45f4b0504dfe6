/** One hosts.toml: what it says of the mirrors of a registry and of the registry itself. The only importer of smol-toml. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { readCredentials } from '../remote/credentials.js';
import type { ClientPair } from '../remote/http-options.js';
import { RegistryError } from './errors.js';

/** Paths are absolute. */
export interface HostSettings {
  /** undefined: the registry itself, by its name */
  readonly url: URL | undefined;
  readonly canPull?: boolean;
  readonly canResolve?: boolean;
  readonly caFiles?: readonly string[];
  readonly clientPairs?: readonly ClientPair[];
  readonly skipVerify?: boolean;
  /** names in lower case */
  readonly headers?: Readonly<Record<string, string>>;
  /** the path of `url` is the API's already */
  readonly overridesPath?: boolean;
}

type Table = Readonly<Record<string, unknown>>;

const CAPABILITIES = ['pull', 'resolve', 'push', 'referrers'];

/**
 * In the order of the file, `server` last; undefined where the folder has no hosts.toml. Throws RegistryError
 * 'configuration', which tells places and never values, and the system's error for a file that cannot be read.
 */
export function readHostsFile(folder: string): readonly HostSettings[] | undefined {
  const file = join(folder, 'hosts.toml');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const root = parseToml(text, file);
  const hosts = Object.entries(tableOf(root.host, `host in ${file}`)).map(([name, host]) => {
    const place = `[host."${name.replace(/\/\/[^/]*@/, '//')}"] in ${file}`;
    return readSettings(parseUrl(name, place), tableOf(host, place), folder, place);
  });
  const { server } = root;
  if (server !== undefined && typeof server !== 'string') throw wrong(`server in ${file}`, 'a URL');
  const url = server ? parseUrl(server, `server in ${file}`) : undefined;
  return [...hosts, readSettings(url, root, folder, file)];
}

function parseToml(text: string, file: string): Table {
  try {
    return parse(text, { unsafeKeyBehaviour: 'throw' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // its message shows the line, which may hold a token
    throw new RegistryError(
      'configuration',
      `${file} is no TOML: see line ${error.line}, column ${error.column}`,
    );
  }
}

function parseUrl(text: string, place: string): URL {
  const address = /^https?:\/\//.test(text) ? text : `https://${text}`;
  if (!URL.canParse(address)) throw wrong(place, 'an address as "https://HOST:PORT"');
  const url = new URL(address);
  if (url.username !== '' || url.password !== '') {
    throw wrong(place, 'an address without a user and a password: these belong into a file of credentials');
  }
  return url;
}

function readSettings(url: URL | undefined, table: Table, folder: string, place: string): HostSettings {
  if (table.proxy !== undefined) {
    throw new RegistryError(
      'configuration',
      `proxy in ${place} is not supported: set https_proxy or http_proxy in the environment`,
    );
  }
  const path = (text: string) => resolve(folder, text);
  const capabilities = textsOf(table.capabilities ?? [], `capabilities in ${place}`).map((name) =>
    name.toLowerCase(),
  );
  if (!capabilities.every((name) => CAPABILITIES.includes(name))) {
    throw wrong(`capabilities in ${place}`, 'a list of "pull" and "resolve"');
  }
  const can = (name: string) => capabilities.length === 0 || capabilities.includes(name);
  return {
    url,
    canPull: can('pull'),
    canResolve: can('resolve'),
    caFiles: textsOf(table.ca ?? [], `ca in ${place}`).map(path),
    clientPairs: pairsOf(table.client ?? [], `client in ${place}`, path),
    skipVerify: isSet(table.skip_verify, `skip_verify in ${place}`),
    headers: headersOf(tableOf(table.header, `header in ${place}`), place),
    overridesPath: isSet(table.override_path, `override_path in ${place}`),
  };
}

function isSet(value: unknown, place: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw wrong(place, 'true or false');
  return value ?? false;
}

function tableOf(value: unknown, place: string): Table {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(place, 'a table');
  return value as Table;
}

/** A string counts as a list of one. */
function textsOf(value: unknown, place: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((text) => {
    if (typeof text !== 'string') throw wrong(place, 'a string, or a list of strings');
    return text;
  });
}

/** A file alone, or one without a second, has the certificate and its key. */
function pairsOf(value: unknown, place: string, path: (text: string) => string): readonly ClientPair[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((pair) => {
    const [certificate, key, ...rest] = textsOf(pair, place);
    if (!certificate || rest.length > 0) throw wrong(place, 'files, or pairs of a certificate and its key');
    return { certificateFile: path(certificate), keyFile: path(key || certificate) };
  });
}

function headersOf(table: Table, place: string): Readonly<Record<string, string>> {
  const headers = Object.fromEntries(
    Object.entries(table).map(([name, value]) => [name, textsOf(value, `header in ${place}`).join(', ')]),
  );
  try {
    return readCredentials({ headers }, {});
  } catch (error) {
    throw new RegistryError('configuration', `${(error as Error).message} (header in ${place})`);
  }
}

const wrong = (place: string, expected: string): RegistryError =>
  new RegistryError('configuration', `${place} cannot be used: ${expected} was expected`);
