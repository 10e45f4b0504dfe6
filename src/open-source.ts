/**
 * An image reference becomes a Source: a local file, or a blob behind HTTP with what is kept of it.
 *
 * Where the network is gone, a blob that was opened before is read as far as it is kept. What is not kept is asked for under the
 * version that was read before, so that the first answer says whether it is still the same blob.
 */
import { findCacheDirectory } from './cache/cache-directory.js';
import { openChunkStore } from './cache/chunk-store.js';
import { openFileSource } from './cache/file-source.js';
import { Grace } from './cache/grace.js';
import { type KnownBlob, knownBlob, rememberBlob } from './cache/known-blobs.js';
import { type LazyOptions, LazySource } from './cache/lazy-source.js';
import { OpeningClaim } from './cache/opening-claim.js';
import type { Source } from './cache/source.js';
import { digestOfReference, isBlobReference, type LayerBlob } from './layers/layer-blob.js';
import { blobOf, openLayerBlob, unknownBlob } from './layers/layer-source.js';
import { isUrl } from './options/reference.js';
import type { PrefetchSpec } from './prefetch/prefetch-options.js';
import { type RepositoryPlace, registryBlob } from './registry/registry-blob.js';
import type { RegistrySpec } from './registry/registry-spec.js';
import { identifyingName, parseBlobUrl, publicName } from './remote/blob-url.js';
import { openHttpBlob, resumeHttpBlob } from './remote/http-blob.js';
import type { HttpNotice, HttpOptions } from './remote/http-options.js';
import { type RemoteBlob, RemoteError } from './remote/remote-blob.js';

/** How blobs behind a network are read and kept. Structured-clonable. */
export interface RemoteSpec {
  readonly http?: Omit<HttpOptions, 'arrived' | 'report' | 'verified'>;
  readonly lazy?: Pick<LazyOptions, 'mergeGap' | 'readahead' | 'deadline' | 'grace'>;
  /** absolute */
  readonly cacheDirectory: string;
  /** somebody named it: where it is unsafe nothing is opened, rather than read without being kept */
  readonly isCacheNamed?: boolean;
  /** bytes of all blobs that are kept */
  readonly cacheSize: number;
  /** bytes that are fetched and kept together, a power of two */
  readonly chunkSize: number;
  readonly prefetch?: PrefetchSpec;
  /** the network is not asked at all */
  readonly offline?: boolean;
  /** by digest, of images in registries, layouts and archives: what "blob:DIGEST" means */
  readonly blobs?: Readonly<Record<string, LayerBlob>>;
  readonly registry?: RegistrySpec;
  /** a blob of an image that cannot be read in parts is refused */
  readonly requireLazy?: boolean;
  /** what references were found to be a moment ago: the network is asked when something is wanted that is not kept */
  readonly known?: Readonly<Record<string, KnownBlob>>;
}

export interface SourceUse {
  /** what is read is held against a root hash or digest */
  readonly verified: boolean;
  readonly report: (problem: Error) => void;
  /** told of what is read of blobs behind a network */
  readonly observed?: ((blob: KnownBlob, offset: number, length: number) => void) | undefined;
}

/** What people and other programs may see of a reference: a URL without secrets, or the path. */
export const shownReference = (reference: string): string =>
  isUrl(reference) ? publicName(parseBlobUrl(reference)) : reference;

interface OpenedLazily {
  readonly source: LazySource;
  readonly known: KnownBlob;
}

/** A source, and what the blob behind it was found to be; undefined for a file. */
export interface OpenedSource {
  readonly source: Source;
  readonly known?: KnownBlob;
  /** the sources that it is joined of */
  readonly parts?: readonly Source[];
}

/**
 * Rejects with RemoteError for a URL, 'options' where `spec` is missing, which is needed for URLs alone; CacheError 'unsafe-cache';
 * the system's error for a path.
 */
export async function openSource(
  reference: string,
  spec: RemoteSpec | undefined,
  use: SourceUse,
): Promise<OpenedSource> {
  if (isBlobReference(reference)) return openBlob(reference, spec, use);
  if (!isUrl(reference)) return { source: openFileSource(reference) };
  const url = parseBlobUrl(reference);
  if (spec === undefined) {
    throw new RemoteError(
      'options',
      `${publicName(url)} is behind a network: give ImageSpec.remote, which says where and how much of it is kept`,
    );
  }
  if (spec.isCacheNamed === true) findCacheDirectory(spec.cacheDirectory);
  const wanted: Wanted = { reference, name: identifyingName(url), spec, use };
  const found = spec.known?.[reference];
  if (spec.offline === true) {
    const kept = found ?? knownBlob(spec.cacheDirectory, wanted.name);
    if (kept !== undefined) return lazySource(wanted, kept);
    throw new RemoteError(
      'offline',
      `${publicName(url)} was never opened with this cache, and the network may not be used; open it once without --offline`,
    );
  }
  return found === undefined ? askOthersAndOpen(wanted) : lazySource(wanted, found);
}

/** A blob of an image. Rejects with LayerError, RegistryError and RemoteError, and as openSource does. */
async function openBlob(
  reference: string,
  spec: RemoteSpec | undefined,
  use: SourceUse,
): Promise<OpenedSource> {
  const digest = digestOfReference(reference);
  if (spec?.blobs === undefined) throw unknownBlob(digest);
  if (spec.isCacheNamed === true) findCacheDirectory(spec.cacheDirectory);
  const { blobs, registry, offline = false, requireLazy = false, known } = spec;
  return openLayerBlob(blobOf(digest, blobs), {
    ...spec,
    ...use,
    ...{ blobs, offline, requireLazy, found: known?.[reference] },
    remoteOf: (blob, arrived) => {
      const http = { ...httpOptions(spec, use), ...(arrived && { arrived }) };
      return registryBlob(blob.place as RepositoryPlace, blob, registry, http);
    },
  });
}

/** A blob that is to be opened. */
interface Wanted {
  readonly reference: string;
  /** of the blob, without its version and without secrets */
  readonly name: string;
  readonly spec: RemoteSpec;
  readonly use: SourceUse;
}

/** What is kept of a blob from before. */
interface Before {
  readonly kept: KnownBlob | undefined;
  readonly isBeginningHere: boolean;
}

function lookBefore(wanted: Wanted): Before {
  const { cacheDirectory, chunkSize } = wanted.spec;
  const kept = knownBlob(cacheDirectory, wanted.name);
  if (kept === undefined) return { kept, isBeginningHere: false };
  const { source } = lazySource(wanted, kept);
  const isBeginningHere = source.isHere(0, Math.min(kept.size, chunkSize));
  source.close();
  return { kept, isBeginningHere };
}

/** Others that open the same blob at this moment may bring its beginning. Where the network is gone, what is kept is opened. */
async function askOthersAndOpen(wanted: Wanted): Promise<OpenedSource> {
  const { spec, use, name } = wanted;
  let before = lookBefore(wanted);
  let claim: OpeningClaim | undefined;
  if (!before.isBeginningHere) {
    claim = await OpeningClaim.take(spec.cacheDirectory, name, new Grace(spec.lazy ?? {}));
    before = lookBefore(wanted);
    if (before.isBeginningHere) claim.release();
  }
  try {
    const opened = await askAndOpen(wanted, before);
    // who waits for the claim is to find the beginning
    void opened.source.flush().then(() => claim?.release());
    return opened;
  } catch (error) {
    claim?.release();
    if (before.kept === undefined || !isOutOfReach(error)) throw error;
    use.report(
      new Error(`${(error as Error).message}; going on with what is in the cache`, { cause: error }),
    );
    return lazySource(wanted, before.kept);
  }
}

const isOutOfReach = (error: unknown): boolean =>
  error instanceof RemoteError && error.code === 'unreachable';

/** The answer says what the blob is now; its first bytes come along, unless they are kept from before. */
async function askAndOpen(wanted: Wanted, { kept, isBeginningHere }: Before): Promise<OpenedLazily> {
  const { reference, name, spec, use } = wanted;
  const early: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  let opened: OpenedLazily | undefined;
  const blob = await openHttpBlob(reference, {
    ...httpOptions(spec, use),
    firstBytes: isBeginningHere ? 1 : spec.chunkSize,
    arrived: (at, bytes) => {
      if (opened !== undefined) opened.source.accept(at, bytes);
      else early.push({ at, bytes: new Uint8Array(bytes) });
    },
  });
  const { id, size, version } = blob;
  const known = { id, name: blob.name, size, version };
  const refusal = rememberBlob(spec.cacheDirectory, name, known);
  if (refusal !== undefined) use.report(refusal);
  opened = lazySource(wanted, known, blob);
  if (kept?.id !== id || !isBeginningHere) for (const { at, bytes } of early) opened.source.accept(at, bytes);
  return opened;
}

/** `blob` where it is open already; it is opened when something is wanted that is not kept, unless the network may not be asked. */
function lazySource({ reference, spec, use }: Wanted, known: KnownBlob, blob?: RemoteBlob): OpenedLazily {
  const { cacheDirectory, cacheSize, chunkSize, lazy, offline = false } = spec;
  const { report, observed } = use;
  const store = openChunkStore(cacheDirectory, known, {
    ...{ chunkSize, budget: cacheSize, readOnly: offline, report },
  });
  const connect = async () => {
    const resumed: RemoteBlob = resumeHttpBlob(reference, known.version, {
      ...httpOptions(spec, use),
      arrived: (at, bytes) => source.accept(at, bytes),
    });
    return resumed;
  };
  const source: LazySource = new LazySource(known, store, {
    ...lazy,
    ...(!offline && { connection: { blob, connect } }),
    ...(observed && { observed: (offset, length) => observed(known, offset, length) }),
  });
  return { source, known };
}

function httpOptions({ http }: RemoteSpec, { verified, report }: SourceUse): HttpOptions {
  return { ...http, verified, report: ({ message }: HttpNotice) => report(new Error(message)) };
}
