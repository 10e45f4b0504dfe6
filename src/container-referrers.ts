/**
 * Gets what refers to a container image and says how its layers are verified. What it is worth is for layers/referred-proofs.ts to say.
 *
 * LAW: nothing of a referrer makes the lookup fail: what cannot be used is told. That nobody can be asked does.
 */
import type { LayerBlob } from './layers/layer-blob.js';
import type { ReferredArtifact } from './layers/referred-proofs.js';
import { several } from './prefetch/several.js';
import { type ContainerImage, openImages } from './registry/container-image.js';
import type { Descriptor } from './registry/descriptor.js';
import { RegistryError } from './registry/errors.js';
import type { ImageCollection } from './registry/image-collection.js';
import { parseJson } from './registry/manifest.js';
import type { RegistryImageOptions } from './registry/registry-images.js';
import {
  type BlobDescriptor,
  isVerityArtifact,
  parseVerityArtifact,
  type VerityArtifact,
} from './verity/annotations-artifact.js';
import { ProofError } from './verity/layer-proof.js';

export interface FoundReferrers {
  readonly artifacts: readonly ReferredArtifact[];
  /** what was found and cannot be used, and why */
  readonly notes: readonly string[];
}

/** Anybody may attach more: not all of them are looked at. */
const MOST_ARTIFACTS = 32;
/** PKCS#7 with a few certificates is a tenth of that. */
const LARGEST_SIGNATURE = 64 << 10;
/** Each waits for one answer after the other. */
const AT_ONCE = 8;

/** Signatures that have blobs of their own are fetched where they are wanted. Rejects with RegistryError 'unreachable' or 'offline', and others that are about the registry and no artifact. */
export async function findReferrers(
  { source, digest }: Pick<ContainerImage, 'source' | 'digest'>,
  options: RegistryImageOptions,
  wantsSignatures: boolean,
): Promise<FoundReferrers> {
  const images = openImages(source, options);
  try {
    const found = await images.referrers(digest);
    const kinds = found.filter(({ artifactType }) => isVerityArtifact(artifactType));
    const wanted = kinds.slice(0, MOST_ARTIFACTS);
    const notes =
      kinds.length > wanted.length
        ? [`${kinds.length} artifacts refer to the image; the first ${wanted.length} were looked at`]
        : [];
    const artifacts: (ReferredArtifact | undefined)[] = wanted.map(() => undefined);
    await several(wanted.entries(), AT_ONCE, undefined, async ([i, descriptor]) => {
      try {
        artifacts[i] = await readArtifact(images, descriptor, wantsSignatures);
      } catch (error) {
        if (!isOfArtifact(error)) throw error;
        notes.push(`${images.nameOf(descriptor.digest)} is not used: ${(error as Error).message}`);
      }
    });
    return { artifacts: artifacts.filter((artifact) => artifact !== undefined), notes };
  } finally {
    await images.close();
  }
}

function isOfArtifact(error: unknown): boolean {
  if (error instanceof ProofError) return true;
  return error instanceof RegistryError && ['corrupt', 'not-found', 'unsupported'].includes(error.code);
}

/** Rejects with ProofError and RegistryError. */
async function readArtifact(
  images: ImageCollection,
  descriptor: Descriptor,
  wantsSignatures: boolean,
): Promise<ReferredArtifact> {
  const name = images.nameOf(descriptor.digest);
  const { bytes } = await images.document(descriptor);
  const content = parseVerityArtifact(parseJson(bytes, name));
  if (content === undefined) throw new ProofError('it is of another kind than the list of referrers says');
  const signatures = new Map<string, Uint8Array>();
  for (const blob of wantsSignatures ? signaturesApart(content) : []) {
    signatures.set(blob.digest, await images.smallBlob({ ...blob, annotations: {} }));
  }
  const blobs = new Map(blobsOf(content).map((blob) => [blob.digest, layerBlob(images, blob)]));
  return { name, content, signatures, blobs };
}

/** Throws ProofError. */
function signaturesApart(content: VerityArtifact): BlobDescriptor[] {
  if (content.kind !== 'layer-signatures') return [];
  const apart = content.layers.filter(({ proof }) => proof.signature === undefined).map(({ blob }) => blob);
  const large = apart.find(({ size }) => size > LARGEST_SIGNATURE);
  if (large === undefined) return apart;
  throw new ProofError(
    `the signature ${large.digest} has ${large.size} bytes; no more than ${LARGEST_SIGNATURE} are read`,
  );
}

const blobsOf = (content: VerityArtifact): BlobDescriptor[] =>
  content.kind === 'converted-layers' ? content.layers.flatMap(({ image, tree }) => [image, tree]) : [];

/** Throws RegistryError. */
export function layerBlob(images: ImageCollection, { digest, size, mediaType }: BlobDescriptor): LayerBlob {
  const place = images.place({ digest, size, mediaType, annotations: {} });
  return { digest, size, mediaType, place, name: images.nameOf(digest), encoding: { kind: 'plain' } };
}
