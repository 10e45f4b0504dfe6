/** Blobs of which nobody claims anything. */
import { existsSync } from 'node:fs';
import { isUrl } from '../options/reference.js';
import type { BlobClaims, ProofSpec } from './proof-spec.js';
import { sidecarOf } from './sidecar-path.js';

/** Whether prove.ts would have nothing to prove and nothing to refuse. */
export function needsNoProof(blobs: readonly { readonly name: string }[], spec: ProofSpec): boolean {
  const { require, certificateFiles = [], ignoreSidecars } = spec;
  if (require === true || certificateFiles.length > 0) return false;
  if (spec.blobs.length > blobs.length || spec.blobs.some(claimsAnything)) return false;
  return (
    ignoreSidecars === true || blobs.every(({ name }) => isUrl(name) || !existsSync(sidecarOf(name, {})))
  );
}

const claimsAnything = (claims: BlobClaims): boolean =>
  Object.values(claims).some((claim) => claim !== undefined);
