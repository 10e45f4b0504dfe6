/**
 * An image reference becomes a Source: a local file, or a blob behind HTTP or in a registry with what is kept of it.
 *
 * What only a network needs is loaded with the first reference that needs it: it takes longer than to open a file.
 */
import { isAbsolute } from 'node:path';
import { openFileSource } from './cache/file-source.js';
import type { KnownBlob } from './cache/known-blobs.js';
import type { LazyOptions } from './cache/lazy-options.js';
import type { ChunkRing } from './cache/recent-chunks.js';
import type { Source } from './cache/source.js';
import { digestOfReference, isBlobReference, isHere, type LayerBlob } from './layers/layer-blob.js';
import { isUrl } from './options/reference.js';
import type { PrefetchSpec } from './prefetch/prefetch-options.js';
import type { RegistrySpec } from './registry/registry-spec.js';
import { parseBlobUrl, publicName } from './remote/blob-url.js';
import type { HttpOptions } from './remote/http-options.js';

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
  /** where what arrives stays in memory, with that of other blobs */
  readonly ring?: ChunkRing | undefined;
}

/** What people and other programs may see of a reference: a URL without secrets, what a blob is called, or the path. */
export function shownReference(reference: string, blobs: RemoteSpec['blobs'] = {}): string {
  if (isBlobReference(reference)) return blobs[digestOfReference(reference)]?.name ?? reference;
  return isUrl(reference) ? publicName(parseBlobUrl(reference)) : reference;
}

/** Whether every byte of it lies in a file here, as it is read. */
export function isLocal(reference: string, blobs: RemoteSpec['blobs'] = {}): boolean {
  const blob = isBlobReference(reference) ? blobs[digestOfReference(reference)] : undefined;
  return blob === undefined ? isAbsolute(reference) : isHere(blob);
}

/** A source, and what the blob behind it was found to be; undefined for a file. */
export interface OpenedSource {
  readonly source: Source;
  readonly known?: KnownBlob;
  /** the sources that it is joined of */
  readonly parts?: readonly Source[];
}

/**
 * Rejects with RemoteError for a URL, 'options' where `spec` is missing, which is needed for URLs and blobs alone; with LayerError and
 * RegistryError for a blob; CacheError 'unsafe-cache'; the system's error for a path.
 */
export async function openSource(
  reference: string,
  spec: RemoteSpec | undefined,
  use: SourceUse,
): Promise<OpenedSource> {
  if (isBlobReference(reference)) return (await import('./open-blob.js')).openBlob(reference, spec, use);
  if (isUrl(reference)) return (await import('./open-url.js')).openUrl(reference, spec, use);
  return { source: openFileSource(reference, { watched: !use.verified }) };
}
