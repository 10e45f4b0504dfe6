/**
 * Where a registry is asked: its mirrors in their order, and itself, as containerd's folders of hosts.toml and Docker's
 * folders of certificates say (containerd docs/hosts.md).
 *
 * LAW: a mirror gets what is its own; what the user gave for the registry goes to the registry alone.
 */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CertificateOptions } from '../remote/http-options.js';
import { credentialHostOf, DOCKER_HUB, DOCKER_HUB_API } from './docker-hub.js';
import { RegistryError } from './errors.js';
import { type HostSettings, readHostsFile } from './hosts-file.js';
import type { RegistrySpec } from './registry-spec.js';

export interface RegistryHost {
  /** of the API: ends with a slash, and has neither query nor user */
  readonly base: string;
  /** whose credentials it takes: "docker.io", "localhost:5000" */
  readonly credentialHost: string;
  /** the registry itself: may see the token and the headers that the user gave */
  readonly isOrigin: boolean;
  /** what a mirror is told in the query field `ns`: the registry's name */
  readonly namespace: string | undefined;
  /** may be asked for documents and blobs whose digest is known */
  readonly canPull: boolean;
  /** is trusted to say which digest a tag has */
  readonly canResolve: boolean;
  readonly certificates: CertificateOptions;
  /** names in lower case */
  readonly headers: Readonly<Record<string, string>>;
}

const REGISTRY = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?$/i;

export function defaultHostsDirectories(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  const own = environment.XDG_CONFIG_HOME || join(homedir(), '.config');
  return [join(own, 'erofs', 'certs.d'), '/etc/containerd/certs.d', '/etc/docker/certs.d'];
}

/**
 * Whom to ask for what `registry` (HOST or HOST:PORT) has, in this order; the registry itself is the last one, unless
 * hosts.toml names another `server`. Throws RegistryError 'reference' or 'configuration', and the system's error for a file that cannot be read.
 */
export function registryHosts(registry: string, spec: RegistrySpec = {}): readonly RegistryHost[] {
  if (!REGISTRY.test(registry) || !URL.canParse(`https://${registry}`)) {
    throw new RegistryError(
      'reference',
      `${registry} is no name of a registry: HOST or HOST:PORT was expected`,
    );
  }
  const folder = findFolder(registry, spec.hostsDirectories ?? defaultHostsDirectories());
  const settings = folder === undefined ? [{ url: undefined }] : readFolder(folder);
  const hosts = settings.map((host) => makeHost(registry, host, spec.plainHttp ?? false));
  const usable = hosts.filter(({ canPull, canResolve }) => canPull || canResolve);
  if (usable.length === 0) {
    throw new RegistryError(
      'configuration',
      `${folder} names no host that ${registry} may be pulled from: capabilities must have "pull"`,
    );
  }
  return usable;
}

/** `path` of the API below "/v2/": "library/nginx/manifests/latest". */
export function apiUrl(host: RegistryHost, path: string, query: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(host.base + path);
  for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
  if (host.namespace !== undefined) url.searchParams.append('ns', host.namespace);
  return url;
}

/** What hosts.toml and the user say together: the user's own client certificate is shown to the registry itself alone. */
export function certificatesOf(host: RegistryHost, user: CertificateOptions): CertificateOptions {
  const { caFile, clientCertificateFile, clientKeyFile } = user;
  return {
    ...host.certificates,
    ...(caFile !== undefined && { caFile }),
    ...(host.isOrigin && clientCertificateFile !== undefined && { clientCertificateFile }),
    ...(host.isOrigin && clientKeyFile !== undefined && { clientKeyFile }),
  };
}

/** A folder of the registry's own goes before `_default`, in the first directory that has either. */
function findFolder(registry: string, directories: readonly string[]): string | undefined {
  const withPort = /^(.*):(\d+)$/.exec(registry);
  const spellings = withPort === null ? [registry] : [`${withPort[1]}_${withPort[2]}_`, registry];
  return directories
    .flatMap((directory) => [...spellings, '_default'].map((name) => join(directory, name)))
    .find((folder) => existsSync(folder));
}

/** Where there is no hosts.toml, Docker's pattern: *.crt to trust, *.cert with *.key to show. */
function readFolder(folder: string): readonly HostSettings[] {
  const found = readHostsFile(folder);
  if (found !== undefined) return found;
  const names = readdirSync(folder).sort();
  const clientPairs = names
    .filter((name) => name.endsWith('.cert'))
    .map((name) => {
      const key = name.replace(/\.cert$/, '.key');
      const certificateFile = join(folder, name);
      return { certificateFile, keyFile: names.includes(key) ? join(folder, key) : certificateFile };
    });
  const caFiles = names.filter((name) => name.endsWith('.crt')).map((name) => join(folder, name));
  return [{ url: undefined, caFiles, clientPairs }];
}

function makeHost(registry: string, settings: HostSettings, plainHttp: boolean): RegistryHost {
  const { caFiles = [], clientPairs = [], skipVerify = false, headers = {} } = settings;
  const { canPull = true, canResolve = true } = settings;
  const url = settings.url ?? ownUrl(registry, plainHttp);
  if (url.host === DOCKER_HUB) url.host = DOCKER_HUB_API;
  const credentialHost = credentialHostOf(url.host);
  const isOrigin = credentialHost === credentialHostOf(bareHost(registry, url));
  return {
    base: baseOf(url, settings.overridesPath ?? false),
    credentialHost: isOrigin ? credentialHostOf(registry) : credentialHost,
    isOrigin,
    namespace: isOrigin ? undefined : registry,
    canPull,
    canResolve,
    certificates: {
      ...(caFiles.length > 0 && { furtherCaFiles: caFiles }),
      ...(clientPairs.length > 0 && { clientPairs }),
      ...(skipVerify && { unverifiedHost: url.host }),
    },
    headers,
  };
}

const ownUrl = (registry: string, plainHttp: boolean): URL => {
  const { hostname } = new URL(`https://${registry}`);
  const isPlain = plainHttp || (isLoopback(hostname) && !registry.endsWith(':443'));
  return new URL(`${isPlain ? 'http' : 'https'}://${registry}`);
};

/** As a URL of this scheme spells the registry: without the port that goes without saying. */
const bareHost = (registry: string, { protocol }: URL): string => new URL(`${protocol}//${registry}`).host;

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);

function baseOf(url: URL, overridesPath: boolean): string {
  const path = url.pathname.replace(/\/+$/, '');
  return `${url.origin}${path}${overridesPath || path.endsWith('/v2') ? '' : '/v2'}/`;
}
