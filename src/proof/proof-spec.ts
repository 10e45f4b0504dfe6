/**
 * What is known of an image from outside of it, and what follows from it.
 *
 * LAW of this room: it decides which proof a blob has and turns the blob into one that gives proven bytes only. Trust comes
 * from what the user pinned; what lies beside the image gives integrity, and is called that. It never falls back in silence.
 */
import type { DmVerityParameters, HashPolicy } from '../verity/dm-verity.js';

/** Claims about one blob. Structured-clonable; paths are absolute. */
export interface BlobClaims {
  /** dm-verity: hexadecimal digits, "sha256:" before them allowed */
  readonly root?: string;
  /** dm-verity: what holds the tree, where that is not the blob itself */
  readonly hashFile?: string;
  /** dm-verity: byte of the superblock; of the tree itself where there is none. Found by itself unless given. */
  readonly hashOffset?: number;
  /** dm-verity: PKCS#7 over the root hash; BLOB.sig where certificates are pinned and nothing is given */
  readonly signatureFile?: string;
  /** dm-verity: the same in base64, where it lies in no file */
  readonly signature?: string;
  /** fs-verity of the whole blob: "sha256:HEX" or "sha512:HEX" */
  readonly fsVerityDigest?: string;
  /** fs-verity: what holds the tree; built, and kept in the cache directory, unless given */
  readonly treeFile?: string;
  /** "sha256:HEX" or "sha512:HEX" of the whole blob, which is read once for it; from then on it is under an fs-verity tree */
  readonly blobDigest?: string;
  /** bytes that the blob must have */
  readonly blobSize?: number;
  /** dm-verity: read in place of BLOB.dmverity */
  readonly sidecar?: string;
}

export interface ProofSpec {
  /** the image's, then those of the extra devices in their order */
  readonly blobs: readonly BlobClaims[];
  /** of every dm-verity tree: what its superblock must say, or all of it where there is no superblock */
  readonly parameters?: Partial<DmVerityParameters>;
  /** trees have no superblock: `parameters` is complete */
  readonly noSuperblock?: boolean;
  /** PEM or DER files: a root hash counts only with a signature by one of them */
  readonly certificateFiles?: readonly string[];
  /** do not look for BLOB.dmverity */
  readonly ignoreSidecars?: boolean;
  /** a blob without a proof is refused */
  readonly require?: boolean;
  readonly policy?: HashPolicy;
  /** where built fs-verity trees are kept; absolute */
  readonly cacheDirectory?: string;
}

/** How a blob is checked. */
export interface Proof {
  /** what people call the blob */
  readonly blob: string;
  readonly kind: 'dm-verity' | 'fs-verity' | 'none';
  /** what the proof rests on; `integrity`: on a file beside the image, which protects from accidents alone */
  readonly trust: 'pinned' | 'signed' | 'integrity' | 'none';
  /** the root hash or digest, "ALGORITHM:HEX" */
  readonly digest?: string;
  /** who signed, which file vouches, or the digest of the whole blob that was pinned */
  readonly by?: string;
}

export function noProof(blob: string): Proof {
  return { blob, kind: 'none', trust: 'none' };
}

/** One line for people, without the blob's name. */
export function proofText({ kind, trust, digest, by }: Proof): string {
  switch (trust) {
    case 'none':
      return 'not verified';
    case 'pinned':
      return by === undefined ? `${kind}, pinned ${digest}` : `${kind}, pinned by its digest ${by}`;
    case 'signed':
      return `${kind}, ${digest} signed by ${by}`;
    case 'integrity':
      return `${kind}, ${digest} from ${by}: integrity, not authenticity`;
  }
}
