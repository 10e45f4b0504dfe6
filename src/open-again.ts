/** What opening an image found out, so that other threads and processes need not find it out again. */
import type { ImageSpec, LayerSpec, OpenedImage, OpenedLayer } from './open.js';
import type { BlobClaims, Proof } from './proof/proof-spec.js';

/** `spec`, of which `opened` was opened: what URLs are is known, and what was hashed whole is under the tree that was built of it. */
export function specToOpenAgain(spec: ImageSpec, opened: OpenedImage): ImageSpec {
  const { upperLayers, dataLayers, remote } = spec;
  const dataCount = dataLayers?.length ?? 0;
  const data = opened.layers.slice(0, dataCount);
  const [lowest, ...upper] = opened.layers.slice(dataCount);
  return {
    ...spec,
    ...proven(spec, lowest!),
    ...(upperLayers && { upperLayers: upperLayers.map((layer, i) => proven(layer, upper[i]!)) }),
    ...(dataLayers && { dataLayers: dataLayers.map((layer, i) => proven(layer, data[i]!)) }),
    ...(remote && { remote: { ...remote, known: opened.known } }),
  };
}

function proven(layer: LayerSpec, { proofs }: OpenedLayer): LayerSpec {
  if (layer.proof === undefined) return layer;
  const blobs = layer.proof.blobs.map((claims, i) => withoutHashing(claims, proofs[i]!));
  return { ...layer, proof: { ...layer.proof, blobs } };
}

function withoutHashing(claims: BlobClaims, { kind, digest }: Proof): BlobClaims {
  const { blobDigest, ...rest } = claims;
  if (blobDigest === undefined) return claims;
  return kind === 'fs-verity' && digest !== undefined ? { ...rest, fsVerityDigest: digest } : rest;
}
