/** What the opening of a layer is given: where things are kept, and the way to the other side. */
import type { KnownBlob } from '../cache/known-blobs.js';
import type { LazyOptions } from '../cache/lazy-options.js';
import type { ChunkRing } from '../cache/recent-chunks.js';
import type { Arrival, RemoteBlob } from '../remote/remote-blob.js';
import type { LayerBlob } from './layer-blob.js';

export interface LayerRoom {
  /** by digest: the blobs that hold the indexes of others are among them */
  readonly blobs: Readonly<Record<string, LayerBlob>>;
  /** absolute */
  readonly cacheDirectory: string;
  /** bytes of all that is kept */
  readonly cacheSize: number;
  /** bytes that are fetched and kept together, a power of two */
  readonly chunkSize: number;
  readonly lazy?:
    | Pick<LazyOptions, 'mergeGap' | 'readahead' | 'deadline' | 'grace' | 'staysOpen'>
    | undefined;
  /** the network is not asked at all */
  readonly offline: boolean;
  /** a layer of which all must be fetched before anything is read is refused */
  readonly requireLazy: boolean;
  /** what is read is held against a root hash: the digest of the whole says no more */
  readonly verified: boolean;
  /** what the layer was found to be a moment ago, by another thread or process */
  readonly found?: KnownBlob | undefined;
  /**
   * The way to a blob in a registry, which knows no encoding; asked for where something has to be fetched. `arrived` gets what nobody
   * fetched: each byte where the server ignores Range.
   */
  remoteOf(blob: LayerBlob, arrived?: Arrival): RemoteBlob;
  /** where what arrives stays in memory, with that of other blobs; its own unless given */
  readonly ring?: ChunkRing | undefined;
  readonly report: (problem: Error) => void;
  /** told of what is read */
  readonly observed?: ((blob: KnownBlob, offset: number, length: number) => void) | undefined;
}
