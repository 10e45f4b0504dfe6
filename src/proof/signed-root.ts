/** The signature over a root hash, from the files that hold it and the pinned certificates. */
import { readFileSync } from 'node:fs';
import { parseHex } from '../verity/digest-text.js';
import { rootHashContent, verifySignature } from '../verity/signature.js';
import { parseCertificates } from '../verity/signature-trust.js';
import type { BlobClaims } from './proof-spec.js';

export const SIGNATURE_SUFFIX = '.sig';

/**
 * Who signed the root hash; undefined where no certificates are pinned. Throws SignatureError where it is not signed by
 * one of them, system errors for files.
 */
export function signerOf(
  { root, signatureFile }: BlobClaims & { readonly root: string },
  blob: string,
  certificateFiles: readonly string[] | undefined,
): string | undefined {
  if (certificateFiles === undefined) return undefined;
  const rootHash = parseHex(root.replace(/^[^:]*:/, ''), 'the root hash');
  const signer = verifySignature({
    signature: readFileSync(signatureFile ?? `${blob}${SIGNATURE_SUFFIX}`),
    content: rootHashContent(rootHash),
    pinned: certificateFiles.flatMap((path) => parseCertificates(readFileSync(path), path)),
  });
  return signer.subject.replaceAll('\n', ', ');
}
