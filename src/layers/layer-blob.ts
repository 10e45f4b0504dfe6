/**
 * One blob of a container image as its manifest describes it: where it is kept, and how its bytes become those of a file system.
 *
 * An ImageSpec names it "blob:DIGEST"; RemoteSpec.blobs says what that is.
 */

/** Structured-clonable. */
export type BlobPlace =
  | {
      readonly kind: 'registry';
      /** host, with a port where one was given: the key of credentials and mirrors */
      readonly registry: string;
      readonly repository: string;
    }
  /** a file of a local layout, or a member of an archive; the path is absolute */
  | { readonly kind: 'file'; readonly path: string; readonly offset: number };

export type BlobEncoding =
  /** the blob is the image */
  | { readonly kind: 'plain' }
  /** an index inside the blob, or in a blob of its own, tells its chunks, their checksums, and whether they are compressed */
  | {
      readonly kind: 'indexed';
      /** bytes of the blob that hold the index, a skippable frame's header included; to the blob's end unless `end` is given */
      readonly offset: number;
      readonly end?: number;
      /** of the index's payload alone, "sha256:HEX" */
      readonly digest: string;
      /** digest of the blob in RemoteSpec.blobs that holds the index, where that is not the blob itself */
      readonly blob?: string;
      /** whether the suffix of the media type says so */
      readonly compressed: boolean;
    }
  /** all of it must be unpacked before any of it can be read */
  | { readonly kind: 'packed'; readonly compression: 'zstd' | 'gzip' }
  /** no blob of its own: what others hold, each as its own encoding says, behind each other; by their digests in RemoteSpec.blobs */
  | { readonly kind: 'joined'; readonly parts: readonly string[] };

/** Structured-clonable. */
export interface LayerBlob {
  /** "sha256:HEX" of the blob as it is kept */
  readonly digest: string;
  /** bytes of the blob as it is kept */
  readonly size: number;
  readonly mediaType: string;
  /** what people call it: "HOST/REPOSITORY@DIGEST", or a path */
  readonly name: string;
  readonly place: BlobPlace;
  readonly encoding: BlobEncoding;
  /** of the unpacked bytes, "sha256:HEX": org.erofs.uncompressed-digest, or the config's diff id */
  readonly unpackedDigest?: string;
}

/** Whether every byte of it lies in a file here, as it is read. */
export const isHere = ({ place, encoding }: LayerBlob): boolean =>
  place.kind === 'file' && encoding.kind === 'plain';

const SCHEME = 'blob:';

export const isBlobReference = (reference: string): boolean => reference.startsWith(SCHEME);

/** "blob:sha256:HEX" of "sha256:HEX" */
export const blobReference = (digest: string): string => SCHEME + digest;

export const digestOfReference = (reference: string): string => reference.slice(SCHEME.length);
