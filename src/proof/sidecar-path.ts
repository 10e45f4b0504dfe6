/** Where containerd's metadata of a blob's hash tree is. */
import type { BlobClaims } from './proof-spec.js';

export const SIDECAR_SUFFIX = '.dmverity';

/** A path: beside the blob unless it is named. */
export const sidecarOf = (blob: string, { sidecar }: Pick<BlobClaims, 'sidecar'>): string =>
  sidecar ?? `${blob}${SIDECAR_SUFFIX}`;
