/**
 * An image reference becomes a Source: a local file, or a blob behind HTTP with what is kept of it.
 *
 * Where the network is gone, a blob that was opened before is read as far as it is kept. What is not kept is asked for under the
 * version that was read before, so that the first answer says whether it is still the same blob.
 */
import { openChunkStore } from './cache/chunk-store.js';
import { openFileSource } from './cache/file-source.js';
import { type KnownBlob, knownBlob, rememberBlob } from './cache/known-blobs.js';
import { type LazyOptions, LazySource } from './cache/lazy-source.js';
import type { Source } from './cache/source.js';
import { isUrl } from './options/reference.js';
import type { PrefetchSpec } from './prefetch/prefetch-options.js';
import { identifyingName, parseBlobUrl, publicName } from './remote/blob-url.js';
import { openHttpBlob, resumeHttpBlob } from './remote/http-blob.js';
import type { HttpNotice, HttpOptions } from './remote/http-options.js';
import { type RemoteBlob, RemoteError } from './remote/remote-blob.js';

/** How blobs behind a network are read and kept. Structured-clonable. */
export interface RemoteSpec {
  readonly http?: Omit<HttpOptions, 'arrived' | 'report' | 'verified'>;
  readonly lazy?: Pick<LazyOptions, 'mergeGap' | 'readahead' | 'deadline'>;
  /** absolute */
  readonly cacheDirectory: string;
  /** bytes of all blobs that are kept */
  readonly cacheSize: number;
  /** bytes that are fetched and kept together, a power of two */
  readonly chunkSize: number;
  readonly prefetch?: PrefetchSpec;
  /** the network is not asked at all */
  readonly offline?: boolean;
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

/** A source, and what the blob behind it was found to be; undefined for a file. */
export interface OpenedSource {
  readonly source: Source;
  readonly known?: KnownBlob;
}

/** Rejects with RemoteError for a URL, and with the system's error for a path. `spec` is needed for URLs alone. */
export async function openSource(
  reference: string,
  spec: RemoteSpec | undefined,
  use: SourceUse,
): Promise<OpenedSource> {
  if (!isUrl(reference)) return { source: openFileSource(reference) };
  if (spec === undefined) throw new Error('a URL was opened without a word about the network');
  const name = identifyingName(parseBlobUrl(reference));
  const found = spec.known?.[reference];
  const kept = found ?? knownBlob(spec.cacheDirectory, name);
  if (spec.offline === true) {
    if (kept !== undefined) return lazySource(reference, kept, spec, use);
    throw new RemoteError(
      'offline',
      `${shownReference(reference)} was never opened with this cache, and the network may not be used; open it once without --offline`,
    );
  }
  if (found !== undefined) return lazySource(reference, found, spec, use);
  try {
    return await askAndOpen(reference, kept, spec, use);
  } catch (error) {
    if (kept === undefined || !isOutOfReach(error)) throw error;
    use.report(
      new Error(`${(error as Error).message}; going on with what is in the cache`, { cause: error }),
    );
    return lazySource(reference, kept, spec, use);
  }
}

const isOutOfReach = (error: unknown): boolean =>
  error instanceof RemoteError && error.code === 'unreachable';

/** The answer says what the blob is now; its first bytes come along, unless they are kept from before. */
async function askAndOpen(
  reference: string,
  kept: KnownBlob | undefined,
  spec: RemoteSpec,
  use: SourceUse,
): Promise<OpenedSource> {
  const before = kept && lazySource(reference, kept, spec, use);
  const isBeginningHere = before?.source.isHere(0, Math.min(kept!.size, spec.chunkSize)) === true;
  const early: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  let opened: { readonly source: LazySource; readonly known: KnownBlob } | undefined;
  let blob: RemoteBlob;
  try {
    blob = await openHttpBlob(reference, {
      ...httpOptions(spec, use),
      firstBytes: isBeginningHere ? 1 : spec.chunkSize,
      arrived: (at, bytes) => {
        if (opened !== undefined) opened.source.accept(at, bytes);
        else early.push({ at, bytes: new Uint8Array(bytes) });
      },
    });
  } finally {
    before?.source.close();
  }
  const { id, name, size, version } = blob;
  const known = { id, name, size, version };
  const refusal = rememberBlob(spec.cacheDirectory, identifyingName(parseBlobUrl(reference)), known);
  if (refusal !== undefined) use.report(refusal);
  opened = lazySource(reference, known, spec, use, blob);
  if (kept?.id !== id || !isBeginningHere) for (const { at, bytes } of early) opened.source.accept(at, bytes);
  return opened;
}

/** `blob` where it is open already; it is opened when something is wanted that is not kept, unless the network may not be asked. */
function lazySource(
  reference: string,
  known: KnownBlob,
  spec: RemoteSpec,
  use: SourceUse,
  blob?: RemoteBlob,
): { readonly source: LazySource; readonly known: KnownBlob } {
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
