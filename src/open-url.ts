/**
 * A blob behind HTTP becomes a Source.
 *
 * Where the network is gone, a blob that was opened before is read as far as it is kept. What is not kept is asked for under the
 * version that was read before, so that the first answer says whether it is still the same blob.
 */
import { findCacheDirectory } from './cache/cache-directory.js';
import { openChunkStore } from './cache/chunk-store.js';
import { Grace } from './cache/grace.js';
import { type KnownBlob, knownBlob, rememberBlob } from './cache/known-blobs.js';
import { LazySource } from './cache/lazy-source.js';
import { OpeningClaim } from './cache/opening-claim.js';
import type { OpenedSource, RemoteSpec, SourceUse } from './open-source.js';
import { identifyingName, parseBlobUrl, publicName } from './remote/blob-url.js';
import { openHttpBlob, resumeHttpBlob } from './remote/http-blob.js';
import type { HttpNotice, HttpOptions } from './remote/http-options.js';
import { type RemoteBlob, RemoteError } from './remote/remote-blob.js';

interface OpenedLazily {
  readonly source: LazySource;
  readonly known: KnownBlob;
}

/**
 * Rejects with RemoteError, 'options' where `spec` is missing, and CacheError 'unsafe-cache'.
 */
export async function openUrl(
  reference: string,
  spec: RemoteSpec | undefined,
  use: SourceUse,
): Promise<OpenedSource> {
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
  const { report, observed, ring } = use;
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
    ring,
    ...(!offline && { connection: { blob, connect } }),
    ...(observed && { observed: (offset, length) => observed(known, offset, length) }),
  });
  return { source, known };
}

export function httpOptions({ http }: RemoteSpec, { verified, report }: SourceUse): HttpOptions {
  return { ...http, verified, report: ({ message }: HttpNotice) => report(new Error(message)) };
}
