/**
 * From what people name to an ImageSpec: one image or several, the lowest first, each of them a file, a URL, or a directory that
 * containerd's EROFS snapshotter made.
 *
 * LAW: what says something of one image is about the lowest, and proofs go in order: its own, its devices', then those of the layers
 * above it. What can be meant in two ways is refused.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ContainerChoice } from './container-options.js';
import type { ImageSpec, LayerSpec } from './open.js';
import type { RemoteSpec } from './open-source.js';
import { OptionUsageError } from './options/long-option.js';
import { absolute, isUrl } from './options/reference.js';
import type { ProofSpec } from './proof/proof-spec.js';
import { isImageReference } from './registry/image-reference.js';
import { readSnapshot } from './snapshotter/snapshot-directory.js';

export interface NamedImages {
  /** as typed, the lowest first; at least one */
  readonly images: readonly string[];
  /** of the lowest */
  readonly offset?: number | undefined;
  /** of the lowest; as typed */
  readonly devices?: readonly string[] | undefined;
  /** of the lowest: directories of objects, as typed */
  readonly stores?: readonly string[] | undefined;
  /** of all; their blobs in order */
  readonly proof: ProofSpec;
  readonly allowTruncated?: boolean | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly remote: RemoteSpec;
  /** of a container image */
  readonly choice?: ContainerChoice | undefined;
  /** told of what is gone on after */
  readonly report?: ((problem: Error) => void) | undefined;
}

/**
 * Paths become absolute. Rejects with OptionUsageError, SnapshotError, and for container images as findContainer does, for these are
 * looked up.
 */
export async function imageSpec(named: NamedImages): Promise<ImageSpec> {
  if (isImageReference(named.images[0]!)) return containerImageSpec(named.images[0]!, named);
  const { images, devices = [], stores = [], offset, allowTruncated, uid, gid, remote } = named;
  const [lowest, ...uppers] = await Promise.all(images.map((image, i) => findImage(image, i === 0)));
  if (devices.length > 0 && lowest!.devices.length > 0) {
    throw new OptionUsageError(
      `${lowest!.image} has its devices beside it, ${lowest!.devices.join(', ')}; name the image itself to give others`,
    );
  }
  const allDevices = [...lowest!.devices, ...devices.map(absolute)];
  const all = [lowest!.image, ...allDevices, ...uppers.map(({ image }) => image)];
  refuseMirrors(all, remote);
  const proofs = shareOut(named.proof, 1 + allDevices.length, uppers.length);
  const forAll = allowTruncated === true ? { allowTruncated } : {};
  const upperLayers = uppers.map(({ image }, i): LayerSpec => ({ image, ...forAll, proof: proofs[i + 1]! }));
  return {
    image: lowest!.image,
    ...(offset !== undefined && { offset }),
    ...(allDevices.length > 0 && { devices: allDevices }),
    ...forAll,
    ...(stores.length > 0 && { objects: { stores: stores.map((store) => resolve(store)) } }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    ...(upperLayers.length > 0 && { upperLayers }),
    proof: proofs[0]!,
    remote,
  };
}

/** A container image, and what is merged above it. */
async function containerImageSpec(reference: string, named: NamedImages): Promise<ImageSpec> {
  const { images, devices = [], stores = [], offset, allowTruncated, uid, gid, proof, remote } = named;
  const { choice = { tarIndexes: {} }, report = () => {} } = named;
  if (devices.length > 0 || stores.length > 0 || offset !== undefined || proof.blobs.length > 0) {
    throw new OptionUsageError(
      `${reference} says itself what its devices are and what proves its layers; leave out device, objects, offset and the options for single images`,
    );
  }
  if ((remote.http?.mirrors ?? []).length > 0) {
    throw new OptionUsageError(
      `--mirror says where a URL also is; mirrors of the registry of ${reference} stand in hosts.toml, see --hosts-dir`,
    );
  }
  const uppers = await Promise.all(images.slice(1).map((image) => findImage(image, false)));
  const { findContainer } = await import('./container-spec.js');
  const found = await findContainer(reference, { choice, remote, proof, report });
  const forAll = allowTruncated === true ? { allowTruncated } : {};
  const above = uppers.map(({ image }): LayerSpec => ({ image, proof }));
  const [lowest, ...layers] = [...found.layers, ...above].map((layer) => ({ ...layer, ...forAll }));
  return {
    ...lowest!,
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    ...(layers.length > 0 && { upperLayers: layers }),
    ...(found.dataLayers.length > 0 && { dataLayers: found.dataLayers }),
    remote: { ...remote, blobs: found.blobs },
    shownAs: images.length === 1 ? reference : `${reference}+${images.length - 1}`,
    container: found.facts,
  };
}

interface FoundImage {
  readonly image: string;
  readonly devices: readonly string[];
}

/** Merged metadata hold all that is below a snapshot, so that they can only be the lowest. */
async function findImage(reference: string, isLowest: boolean): Promise<FoundImage> {
  if (isImageReference(reference)) {
    throw new OptionUsageError(
      `${reference} is a container image, which can only be the lowest; name it first`,
    );
  }
  const image = absolute(reference);
  if (isUrl(image) || statSync(image, { throwIfNoEntry: false })?.isDirectory() !== true)
    return { image, devices: [] };
  return readSnapshot(image, isLowest);
}

/** `first`: blobs of the lowest layer; each of the others has one. Throws OptionUsageError where there are more proofs. */
function shareOut(proof: ProofSpec, first: number, uppers: number): ProofSpec[] {
  const { blobs } = proof;
  if (uppers === 0) return [proof];
  if (blobs.length > first + uppers) {
    throw new OptionUsageError(
      `proofs were given for ${blobs.length} blobs, there are ${first + uppers}: the image, its devices, and the layers above it`,
    );
  }
  const of = (start: number, end: number): ProofSpec => ({ ...proof, blobs: blobs.slice(start, end) });
  return [of(0, first), ...Array.from({ length: uppers }, (_, i) => of(first + i, first + i + 1))];
}

function refuseMirrors(references: readonly string[], { http }: RemoteSpec): void {
  const urls = references.filter(isUrl);
  if (urls.length < 2 || (http?.mirrors ?? []).length === 0) return;
  throw new OptionUsageError(
    `--mirror says where one image also is, and ${urls.length} URLs were given; leave it out`,
  );
}
