/**
 * From the name of a container image to the layers that are opened for it.
 *
 * LAW: only the manifest, which the name or its digest pins, says what a layer is; it, or a certificate that is pinned, says what proves
 * the layer. What the user asks to be there, and is not, is refused; no fallback goes unsaid.
 */
import { statSync } from 'node:fs';
import type { ContainerChoice } from './container-options.js';
import { type FoundReferrers, findReferrers } from './container-referrers.js';
import { indexBlobs, type TarIndexes, tarIndexesOf } from './container-tar-indexes.js';
import { guaranteeText } from './layers/guarantee.js';
import { digestOfReference, isBlobReference, type LayerBlob } from './layers/layer-blob.js';
import { describeLayers } from './layers/layer-description.js';
import { LayerError } from './layers/layer-error.js';
import {
  assembleLayers,
  type ImageLayers,
  type LayerFacts,
  type LayerParts,
  tarIndexOf,
} from './layers/layer-roles.js';
import { type ReferredProofs, referredProofs, wantsReferrers } from './layers/referred-proofs.js';
import type { LayerSpec } from './open.js';
import type { RemoteSpec } from './open-source.js';
import type { ProofSpec } from './proof/proof-spec.js';
import { signatureCheck } from './proof/signed-root.js';
import { type ContainerImage, resolveImage } from './registry/container-image.js';
import { platformText } from './registry/platform.js';
import type { RegistryImageOptions } from './registry/registry-images.js';

/** What people want to know of a mounted container image. Structured-clonable. */
export interface ContainerFacts {
  /** in full: "docker.io/library/debian:12" */
  readonly name: string;
  /** of the manifest */
  readonly digest: string;
  /** "linux/amd64" */
  readonly platform: string | undefined;
  readonly layers: readonly LayerFacts[];
  /** what refers to the image and is not made use of, and why */
  readonly notes: readonly string[];
}

export interface FoundContainer {
  /** lowest first, one at least */
  readonly layers: readonly LayerSpec[];
  readonly dataLayers: readonly LayerSpec[];
  /** see RemoteSpec.blobs */
  readonly blobs: Readonly<Record<string, LayerBlob>>;
  readonly facts: ContainerFacts;
}

export interface ContainerContext {
  readonly choice: ContainerChoice;
  readonly remote: RemoteSpec;
  /** what holds for every layer: its blobs are not looked at */
  readonly proof: ProofSpec;
  readonly report: (problem: Error) => void;
}

/** An image whose manifest is here, and how its layers are put together. */
export interface ResolvedContainer {
  readonly image: ContainerImage;
  /** Rejects with LayerError, ProofError, VerityError 'unproven'; RegistryError for what is looked up besides. */
  put(): Promise<ContainerLayers>;
}

export interface ContainerLayers extends ImageLayers {
  /** see ContainerFacts */
  readonly notes: readonly string[];
}

/** Rejects with RegistryError, RemoteError 'options', and the system's error for files. */
export async function resolveContainer(
  reference: string,
  context: ContainerContext,
): Promise<ResolvedContainer> {
  const { choice, remote, report } = context;
  const { cacheDirectory, offline = false, http = {}, registry = {} } = remote;
  const options: RegistryImageOptions = { spec: registry, http, cacheDirectory, offline, report };
  const image = await resolveImage(reference, {
    ...options,
    ...(choice.platform !== undefined && { platform: choice.platform }),
  });
  return { image, put: () => putTogether(image, context, options) };
}

async function putTogether(
  image: ContainerImage,
  { choice, remote, proof }: ContainerContext,
  options: RegistryImageOptions,
): Promise<ContainerLayers> {
  const tarIndexes = tarIndexesOf(image, choice.tarIndexes);
  const { layers, notes } = await proveByReferrers(image, tarIndexes, proof, options);
  const found = assembleLayers(image, layers, { tarIndexes });
  if (remote.requireLazy === true) refusePacked(image, found);
  const indexes = await indexBlobs(image, tarIndexes, options);
  return { ...found, blobs: { ...indexes, ...found.blobs }, notes };
}

/** An ordinary image has all that is needed in its manifest: nobody is asked for more. */
async function proveByReferrers(
  image: ContainerImage,
  tarIndexes: TarIndexes,
  { certificateFiles }: ProofSpec,
  options: RegistryImageOptions,
): Promise<ReferredProofs> {
  const layers = describeLayers(image);
  const requireSigned = certificateFiles && signatureCheck(certificateFiles);
  const isSigned = requireSigned !== undefined;
  const isIndexed = (layer: (typeof layers)[number]) => tarIndexOf(layer, tarIndexes) !== undefined;
  if (!wantsReferrers(layers, isSigned, isIndexed)) return { layers, notes: [] };
  const found = await findReferrers(image, options, isSigned).catch((error): FoundReferrers => {
    if (isSigned || typeof error.code !== 'string') throw error;
    return { artifacts: [], notes: [`what refers to the image is not known: ${error.message}`] };
  });
  return referredProofs(layers, { ...found, subject: image.digest, requireSigned });
}

/** Rejects with RegistryError, LayerError, ProofError, VerityError 'unproven', SignatureError for certificates, RemoteError 'options', and the system's error for files. */
export async function findContainer(reference: string, context: ContainerContext): Promise<FoundContainer> {
  const { image, put } = await resolveContainer(reference, context);
  const found = await put();
  const specOf = (parts: LayerParts): LayerSpec => layerSpec(parts, found.blobs, context.proof);
  const { name, digest, platform } = image;
  const { facts: layers, notes } = found;
  return {
    layers: found.layers.map(specOf),
    dataLayers: found.dataLayers.map(specOf),
    blobs: found.blobs,
    facts: { name, digest, platform: platform && platformText(platform), layers, notes },
  };
}

function refusePacked({ name }: ContainerImage, { facts }: ImageLayers): void {
  const packed = facts.find(({ isPacked }) => isPacked);
  if (packed === undefined) return;
  throw new LayerError(
    'not-lazy',
    `layer ${packed.digest} of ${name} (${packed.mediaType}, ${packed.size} bytes) must be fetched whole before anything of it can be read, and --require-lazy refuses that; use an image whose layers have a chunk index, or are not compressed`,
  );
}

/** A blob that is a file of its own is opened by its path. */
function layerSpec(
  { image, devices, proof: own }: LayerParts,
  blobs: Readonly<Record<string, LayerBlob>>,
  proof: ProofSpec,
): LayerSpec {
  const pathOf = (reference: string): string => {
    const blob = isBlobReference(reference) ? blobs[digestOfReference(reference)] : undefined;
    return (blob && fileOf(blob)) ?? reference;
  };
  return {
    image: pathOf(image),
    ...(devices && { devices: devices.map(pathOf) }),
    proof: { ...proof, ...own, blobs: own?.blobs ?? [] },
  };
}

function fileOf({ place, encoding, size }: LayerBlob): string | undefined {
  const isFile = place.kind === 'file' && place.offset === 0 && encoding.kind === 'plain';
  return isFile && statSync(place.path).size === size ? place.path : undefined;
}

/** "layers 1 to 3 (123 bytes): each block verified …": a line for neighbours of which the same is to be said, and what is to be said besides. */
export function layerLines({ layers, notes }: ContainerFacts): string[] {
  const runs: { readonly text: string; readonly first: number; readonly layers: LayerFacts[] }[] = [];
  for (const [i, layer] of layers.entries()) {
    const text = layerText(layer);
    const last = runs.at(-1);
    if (last?.text === text) last.layers.push(layer);
    else runs.push({ text, first: i + 1, layers: [layer] });
  }
  return [...runs.map(({ text, ...run }) => `${runText(run)}: ${text}`), ...notes];
}

function runText({
  first,
  layers,
}: {
  readonly first: number;
  readonly layers: readonly LayerFacts[];
}): string {
  const bytes = layers.reduce((sum, { size }) => sum + size, 0);
  return layers.length === 1
    ? `layer ${first} (${layers[0]!.digest}, ${bytes} bytes)`
    : `layers ${first} to ${first + layers.length - 1} (${bytes} bytes)`;
}

const layerText = ({ guarantee, isPacked, notes }: LayerFacts): string =>
  [
    guaranteeText(guarantee),
    ...(isPacked ? ['all of it is fetched and unpacked before anything of it can be read'] : []),
    ...notes,
  ].join('; ');
