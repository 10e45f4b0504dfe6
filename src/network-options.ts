/** Options about blobs behind a network, and from their values to a RemoteSpec. Paths become absolute here. */
import { resolve } from 'node:path';
import { defaultCacheDirectory, defaultCacheSize } from './cache/cache-directory.js';
import type { RemoteSpec } from './open-source.js';
import type { LongOption, OptionWords } from './options/long-option.js';
import { PREFETCH_OPTIONS, prefetchSpec } from './prefetch/prefetch-options.js';

export const NETWORK_OPTIONS = {
  mirror: {
    value: 'URL',
    repeats: true,
    describe: 'where the image also is, asked where the first place fails',
  },
  offline: { describe: 'ask no network: what is not in the cache fails' },
  'cache-size': {
    value: 'BYTES',
    describe: 'what the cache may take of the disk (default: 10G, or a quarter of it where that is less)',
  },
  'read-timeout': { value: 'SECONDS', describe: 'how long one read may wait for the network (default: 60)' },
  readahead: { value: 'BYTES', describe: 'how far is fetched ahead of who reads in sequence (default: 16M)' },
  'merge-gap': {
    value: 'BYTES',
    describe: 'unwanted bytes that are fetched rather than asking twice (default: 128K)',
  },
  'hedge-after': {
    value: 'SECONDS',
    describe:
      'a request that brings next to nothing for so long is made a second time, 0: never (default: 2)',
  },
  'token-file': {
    value: 'FILE',
    describe: 'sent as "Authorization: Bearer"; also $EROFS_TOKEN, $EROFS_TOKEN_FILE',
  },
  'header-file': {
    value: 'FILE',
    describe: 'lines "Name: value", sent with every request; also $EROFS_HEADER_FILE',
  },
  ca: { value: 'FILE', describe: "PEM: certificates to trust instead of the system's" },
  'client-cert': { value: 'FILE', describe: 'PEM: what this client shows of itself; with --client-key' },
  'client-key': { value: 'FILE', describe: 'PEM: its key' },
  ...PREFETCH_OPTIONS,
  'allow-private-redirects': { describe: 'redirects may lead from a public host to a private address' },
} as const satisfies Record<string, LongOption>;

export type NetworkOptionName =
  | keyof typeof NETWORK_OPTIONS
  | 'cache-dir'
  | 'plain-http'
  | 'hosts-dir'
  | 'require-lazy';

/** milliseconds; the longest that a timer waits */
const NEVER = 2 ** 31 - 1;
/** seconds */
const DEFAULT_READ_TIMEOUT = 60;
/** Small enough for files in between, large enough for a round trip; see docs/remote.md. */
const CHUNK_SIZE = 64 << 10;

/** Throws OptionUsageError. */
export function remoteSpec(words: OptionWords<NetworkOptionName>): RemoteSpec {
  const file = (name: NetworkOptionName): string | undefined => {
    const path = words.one(name);
    return path === undefined ? undefined : resolve(path);
  };
  const seconds = words.oneNumber('read-timeout') ?? DEFAULT_READ_TIMEOUT;
  if (seconds === 0) throw words.refused('read-timeout', '0', 'a number of seconds above 0');
  const deadline = seconds * 1000;
  const hedgeAfter = words.oneNumber('hedge-after');
  const hedge = hedgeAfter === 0 ? NEVER : hedgeAfter === undefined ? undefined : hedgeAfter * 1000;
  const cacheDirectory = file('cache-dir') ?? defaultCacheDirectory();
  return {
    cacheDirectory,
    isCacheNamed: words.has('cache-dir'),
    cacheSize: words.oneSize('cache-size') ?? defaultCacheSize(cacheDirectory),
    chunkSize: CHUNK_SIZE,
    offline: words.has('offline'),
    prefetch: prefetchSpec(words),
    requireLazy: words.has('require-lazy'),
    registry: definedOf({
      plainHttp: words.has('plain-http'),
      hostsDirectories: words.has('hosts-dir')
        ? words.all('hosts-dir').map((folder) => resolve(folder))
        : undefined,
    }),
    lazy: definedOf({
      deadline,
      readahead: words.oneSize('readahead'),
      mergeGap: words.oneSize('merge-gap'),
      // what another process fetches is asked for a second time here, after it has done so itself
      grace: hedge && hedge * 1.5,
    }),
    http: {
      // ends first, for it knows the reason
      limits: { deadline: deadline * 0.9, ...(hedge !== undefined && { hedgeAfter: hedge }) },
      mirrors: words.all('mirror'),
      allowPrivateRedirects: words.has('allow-private-redirects'),
      ...definedOf({
        tokenFile: file('token-file'),
        headerFile: file('header-file'),
        caFile: file('ca'),
        clientCertificateFile: file('client-cert'),
        clientKeyFile: file('client-key'),
      }),
    },
  };
}

/** Without the fields that are undefined. */
function definedOf<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
