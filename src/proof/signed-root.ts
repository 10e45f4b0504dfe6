/** The signature over a root hash, from what holds it and the pinned certificates. */
import type { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseHex } from '../verity/digest-text.js';
import { rootHashContent, verifySignature } from '../verity/signature.js';
import { parseCertificates } from '../verity/signature-trust.js';
import type { BlobClaims } from './proof-spec.js';

export const SIGNATURE_SUFFIX = '.sig';

/** Returns the signer's certificate. Throws SignatureError where a root hash is not signed by one that is pinned. */
export type SignatureCheck = (signature: Uint8Array, rootHash: Uint8Array) => X509Certificate;

/** By the certificates of these files. Throws SignatureError 'certificate-malformed', system errors for files. */
export function signatureCheck(certificateFiles: readonly string[]): SignatureCheck {
  const pinned = certificateFiles.flatMap((path) => parseCertificates(readFileSync(path), path));
  return (signature, rootHash) => verifySignature({ signature, content: rootHashContent(rootHash), pinned });
}

/**
 * Who signed the root hash; undefined where no certificates are pinned. Throws SignatureError where it is not signed by
 * one of them, system errors for files.
 */
export function signerOf(
  { root, signature, signatureFile }: BlobClaims & { readonly root: string },
  blob: string,
  certificateFiles: readonly string[] | undefined,
): string | undefined {
  if (certificateFiles === undefined) return undefined;
  const rootHash = parseHex(root.replace(/^[^:]*:/, ''), 'the root hash');
  const bytes =
    signature === undefined
      ? readFileSync(signatureFile ?? `${blob}${SIGNATURE_SUFFIX}`)
      : Buffer.from(signature, 'base64');
  return signatureCheck(certificateFiles)(bytes, rootHash).subject.replaceAll('\n', ', ');
}
