/** Digests as registries write them, "sha256:HEX": image-spec, descriptor.md. */
import { createHash } from 'node:crypto';

const DIGEST = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export const isDigest = (text: string): boolean => DIGEST.test(text);

export type DigestAlgorithm = 'sha256' | 'sha512';

export const algorithmOf = (digest: string): DigestAlgorithm =>
  digest.slice(0, digest.indexOf(':')) as DigestAlgorithm;

/** Without the algorithm. */
export const hexOf = (digest: string): string => digest.slice(digest.indexOf(':') + 1);

export const digestOf = (bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): string =>
  `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;

export const hasDigest = (bytes: Uint8Array, digest: string): boolean =>
  digestOf(bytes, algorithmOf(digest)) === digest;
