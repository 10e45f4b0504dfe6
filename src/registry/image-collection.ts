/** A place that has images: a repository of a registry, a layout, an archive. */
import type { BlobPlace } from '../layers/layer-blob.js';
import type { Descriptor } from './descriptor.js';

export interface FoundDocument {
  readonly bytes: Uint8Array;
  /** of the bytes, which were held against it */
  readonly digest: string;
  /** what it came as; undefined where nothing was said */
  readonly mediaType?: string | undefined;
}

/** Rejects with RegistryError, the system's error for files, or the reason of a signal. */
export interface ImageCollection {
  /** What people call something in it. */
  nameOf(digest: string): string;
  /** What the reference names: a manifest or an index. */
  root(): Promise<FoundDocument>;
  /** A manifest or an index. */
  document(descriptor: Descriptor): Promise<FoundDocument>;
  /** All of a small blob: a config. */
  smallBlob(descriptor: Descriptor): Promise<Uint8Array>;
  /** Where the bytes of a blob are. Throws where it can be seen that they are not there. */
  place(descriptor: Descriptor): BlobPlace;
  /** Bytes of a blob that no document tells of; undefined where there is none. */
  sizeOf(digest: string): Promise<number | undefined>;
  /** What says of itself that it is about a manifest; of all kinds unless one is given. */
  referrers(digest: string, artifactType?: string): Promise<readonly Descriptor[]>;
  close(): Promise<void>;
}
