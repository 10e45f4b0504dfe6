/**
 * OCI artifacts that refer to an image and say how its layers are verified: signatures of root hashes, layers
 * converted in advance with their trees, and a signature over such a set.
 *
 * LAW: all of it is refused where a part is missing, there twice, or unknown: half a set would leave a layer unverified.
 */

import { type Annotations, parseAnnotations } from './annotations.js';
import { foreignJson } from './foreign-json.js';
import { type LayerProof, ProofError, parseBlobDigest } from './layer-proof.js';

/** An OCI content descriptor, as far as it is needed. */
export interface BlobDescriptor {
  readonly mediaType: string;
  /** "sha256:HEX" */
  readonly digest: string;
  /** bytes */
  readonly size: number;
}

export interface LayerSignature {
  readonly proof: LayerProof;
  /** holds the PKCS#7 signature where the proof has none */
  readonly blob: BlobDescriptor;
}

export interface ConvertedLayer {
  readonly proof: LayerProof;
  /** an EROFS image, or with `tarIndex` the metadata that stands before the layer's own tar */
  readonly image: BlobDescriptor;
  readonly tarIndex: boolean;
  /** begins with the dm-verity superblock */
  readonly tree: BlobDescriptor;
}

export type VerityArtifact = {
  /** the image's manifest; of a bundle signature, the artifact that is signed */
  readonly subject: BlobDescriptor;
  /** ISO 8601; of several artifacts for one subject the newest counts */
  readonly created: string | undefined;
} & (
  | { readonly kind: 'layer-signatures'; readonly layers: readonly LayerSignature[] }
  | { readonly kind: 'converted-layers'; readonly layers: readonly ConvertedLayer[] }
  | { readonly kind: 'bundle-signature'; readonly signature: BlobDescriptor }
);

interface Layer extends BlobDescriptor {
  readonly annotations: Annotations;
}

const EROFS_LAYER = 'application/vnd.cncf.containerd.erofs.layer.v1';
const EROFS_TAR_INDEX = 'application/vnd.cncf.containerd.erofs.tar-index.v1';
const MERKLE_TREE = 'application/vnd.cncf.dmverity.merkle-tree.v1';
const PKCS7 = 'application/pkcs7-signature';

/** Media types of the blobs that each kind of artifact may have as its layers. */
const ARTIFACTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['application/vnd.oci.mt.pkcs7', ['application/vnd.oci.image.layer.v1.erofs.sig']],
  ['application/vnd.cncf.notary.signature.dm-verity', [PKCS7]],
  [
    'application/vnd.cncf.notary.dmverity.v1',
    ['application/vnd.cncf.notary.dmverity.layer-signature+pkcs7', EROFS_LAYER, EROFS_TAR_INDEX, MERKLE_TREE],
  ],
  ['application/vnd.cncf.notary.dmverity.tar-index.v1', [EROFS_TAR_INDEX, MERKLE_TREE]],
  ['application/vnd.cncf.notary.dmverity.bundle-signature.v1', [PKCS7]],
]);
/** Whether artifacts of that type are read here. */
export const isVerityArtifact = (artifactType: string | undefined): boolean =>
  artifactType !== undefined && ARTIFACTS.has(artifactType);

const BUNDLE_SIGNATURE = 'application/vnd.cncf.notary.dmverity.bundle-signature.v1';
const TAR_INDEX_UNIT = 512;

/** `manifest` is the parsed JSON of an OCI image manifest. undefined where it is another artifact. Throws ProofError. */
export function parseVerityArtifact(manifest: unknown): VerityArtifact | undefined {
  const fields = objectOf(manifest, 'the manifest');
  const mediaTypes = ARTIFACTS.get(fields.artifactType as string);
  if (mediaTypes === undefined) return undefined;
  const subject = descriptorOf(fields.subject, 'the subject of the artifact');
  const { 'org.opencontainers.image.created': created } = annotationsOf(fields.annotations);
  const layers = layersOf(fields.layers, mediaTypes);
  const common = { subject, created };
  if (fields.artifactType === BUNDLE_SIGNATURE) {
    const [signature, ...more] = layers;
    if (signature !== undefined && more.length === 0)
      return { ...common, kind: 'bundle-signature', signature };
    throw new ProofError(`the bundle signature has ${layers.length} blobs; expected one`);
  }
  const converted = layers.some(({ mediaType }) => mediaType === MERKLE_TREE);
  return converted
    ? { ...common, kind: 'converted-layers', layers: convertedLayers(layers) }
    : { ...common, kind: 'layer-signatures', layers: layerSignatures(layers) };
}

function layerSignatures(layers: readonly Layer[]): LayerSignature[] {
  const seen = new Set<string>();
  return layers.map((blob) => {
    const proof = proofOf(blob);
    if (proof.rootHash === undefined) {
      throw new ProofError(
        `${blob.digest} is a signature without the annotation that says of which root hash`,
      );
    }
    if (seen.has(proof.layerDigest)) throw new ProofError(`the artifact signs ${proof.layerDigest} twice`);
    seen.add(proof.layerDigest);
    return { proof, blob };
  });
}

function convertedLayers(blobs: readonly Layer[]): ConvertedLayer[] {
  const parts = new Map<string, { proof?: LayerProof; image?: Layer; tree?: Layer }>();
  for (const blob of blobs) {
    const proof = proofOf(blob);
    const part = parts.get(proof.layerDigest) ?? {};
    const role = blob.mediaType === MERKLE_TREE ? 'tree' : 'image';
    if (part[role] !== undefined)
      throw new ProofError(`the artifact has two blobs (${role}) for ${proof.layerDigest}`);
    parts.set(proof.layerDigest, { ...part, proof: { ...part.proof, ...proof }, [role]: blob });
  }
  return [...parts].map(([digest, { proof, image, tree }]) => {
    if (proof === undefined || image === undefined || tree === undefined) {
      throw new ProofError(
        `the artifact has no ${image === undefined ? 'image' : 'hash tree'} for ${digest}`,
      );
    }
    const tarIndex = image.mediaType === EROFS_TAR_INDEX;
    if (tarIndex && image.size % TAR_INDEX_UNIT !== 0) {
      throw new ProofError(
        `the tar index ${image.digest} has ${image.size} bytes, no multiple of ${TAR_INDEX_UNIT}`,
      );
    }
    return { proof: { ...proof, separateTree: true, hashOffset: 0 }, image, tarIndex, tree };
  });
}

function proofOf({ annotations, digest }: Layer): LayerProof & { readonly layerDigest: string } {
  const proof = parseAnnotations(annotations);
  if (proof?.layerDigest !== undefined) return { ...proof, layerDigest: proof.layerDigest };
  throw new ProofError(`${digest} has no annotation that says which layer it is for`);
}

function layersOf(list: unknown, mediaTypes: readonly string[]): Layer[] {
  if (!Array.isArray(list) || list.length === 0) {
    throw new ProofError(`the artifact has ${foreignJson(list)} as its layers; expected a list of blobs`);
  }
  return list.map((entry) => {
    const descriptor = descriptorOf(entry, 'a layer of the artifact');
    if (!mediaTypes.includes(descriptor.mediaType)) {
      throw new ProofError(
        `${descriptor.digest} has the media type ${descriptor.mediaType}; expected ${mediaTypes.join(' or ')}`,
      );
    }
    return { ...descriptor, annotations: annotationsOf(objectOf(entry, 'a layer').annotations) };
  });
}

function descriptorOf(value: unknown, what: string): BlobDescriptor {
  const { mediaType, digest, size } = objectOf(value, what);
  if (typeof mediaType !== 'string') throw new ProofError(`${what} has no media type`);
  if (!Number.isSafeInteger(size) || (size as number) < 0) {
    throw new ProofError(`${what} has the size ${foreignJson(size)}; expected bytes`);
  }
  return {
    mediaType,
    digest: parseBlobDigest(
      typeof digest === 'string' ? digest : foreignJson(digest),
      `the digest of ${what}`,
    ),
    size: size as number,
  };
}

function annotationsOf(value: unknown): Annotations {
  if (value === undefined || value === null) return {};
  const annotations = objectOf(value, 'the annotations');
  for (const [name, text] of Object.entries(annotations)) {
    if (typeof text !== 'string') throw new ProofError(`the annotation ${name} is no text`);
  }
  return annotations as Annotations;
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new ProofError(`${what} is ${foreignJson(value)}; expected an object`);
}
