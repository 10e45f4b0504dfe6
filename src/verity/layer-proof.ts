/**
 * What says how one layer is verified, whoever said it: annotations of a descriptor, a signature artifact, a sidecar.
 *
 * LAW: a proof is a claim. It is worth what vouches for the bytes that it was read from: a manifest whose digest is
 * pinned, or the signature inside it checked against a pinned certificate.
 */

import { isAlgorithm } from './digest-text.js';
import { foreignJson } from './foreign-json.js';
import { DIGEST_SIZE, type HashAlgorithm } from './hash.js';

/** Fields that the source does not have are absent. */
export interface LayerProof {
  /** "sha256:HEX" of the layer that is meant; absent where the proof stands on the layer's own descriptor */
  readonly layerDigest?: string;
  readonly rootHash?: Uint8Array;
  /** where the root hash is given with its algorithm */
  readonly algorithm?: HashAlgorithm;
  /** PKCS#7 DER over the root hash */
  readonly signature?: Uint8Array;
  /** byte offset of the dm-verity superblock, which stands behind the data or begins a file of its own */
  readonly hashOffset?: number;
  /** bytes, of data and hash blocks alike */
  readonly blockSize?: number;
  /** the tree is in another blob or file, not behind the data */
  readonly separateTree?: boolean;
}

/** `bad-proof`: an annotation, artifact or sidecar does not say what it must, or contradicts itself. */
export class ProofError extends Error {
  override readonly name = 'ProofError';
  readonly code = 'bad-proof';
}

const OFFSET_UNIT = 512;
const BLOCK_SIZE_MIN = 512;
const BLOCK_SIZE_MAX = 65536;

/** "HEX" or "ALGORITHM:HEX" in lower case; `what` begins the message. Throws ProofError. */
export function parseRoot(text: string, what: string): Pick<LayerProof, 'rootHash' | 'algorithm'> {
  const [, name, hex = ''] = /^(?:([^:]*):)?(.*)$/s.exec(text) ?? [];
  const sizes = Object.values(DIGEST_SIZE);
  const known = name === undefined || isAlgorithm(name);
  const size = name !== undefined && isAlgorithm(name) ? DIGEST_SIZE[name] : hex.length / 2;
  if (!known || !/^[0-9a-f]+$/.test(hex) || hex.length !== size * 2 || !sizes.includes(size)) {
    throw new ProofError(
      `${what} is ${JSON.stringify(text)}; expected a root hash: lower-case hexadecimal digits, with or without "sha256:" or another algorithm before them`,
    );
  }
  const rootHash = new Uint8Array(Buffer.from(hex, 'hex'));
  return name === undefined ? { rootHash } : { rootHash, algorithm: name as HashAlgorithm };
}

/** "ALGORITHM:HEX" of a blob, as registries write it. Throws ProofError. */
export function parseBlobDigest(text: string, what: string): string {
  if (/^sha256:[0-9a-f]{64}$|^sha512:[0-9a-f]{128}$/.test(text)) return text;
  throw new ProofError(
    `${what} is ${JSON.stringify(text)}; expected sha256: or sha512: and the digest in hex`,
  );
}

/** `unit`: bytes of which the offset must be a multiple. Throws ProofError. */
export function checkHashOffset(offset: unknown, what: string, unit = OFFSET_UNIT): number {
  if (typeof offset === 'number' && Number.isSafeInteger(offset) && offset >= 0 && offset % unit === 0) {
    return offset;
  }
  throw new ProofError(`${what} is ${foreignJson(offset)}; expected a byte offset, a multiple of ${unit}`);
}

/** Throws ProofError. */
export function checkBlockSize(size: number, what: string): number {
  if (Number.isInteger(Math.log2(size)) && size >= BLOCK_SIZE_MIN && size <= BLOCK_SIZE_MAX) return size;
  throw new ProofError(
    `${what} is ${size}; expected a power of two from ${BLOCK_SIZE_MIN} to ${BLOCK_SIZE_MAX}`,
  );
}
