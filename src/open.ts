/**
 * The composition root: an image reference and options become source -> proof -> caches -> reader -> tree.
 * Runs in the command, and again inside every worker, from one structured-clonable ImageSpec.
 */
import type { KnownBlob } from './cache/known-blobs.js';
import type { Source } from './cache/source.js';
import type { ContainerFacts } from './container-spec.js';
import type { ErofsImage } from './erofs-reader/image.js';
import type { Guarantee } from './layers/guarantee.js';
import { COMMAND_MEMORY, type ImageMemory } from './memory-budget.js';
import { layerMemory, openLayer, openLayerOf } from './open-layer.js';
import type { ObjectsSpec } from './open-objects.js';
import { isLocal, type RemoteSpec, shownReference } from './open-source.js';
import type { RemoteBytes, RemoteDevice } from './prefetch/remote-image.js';
import type { Proof, ProofSpec } from './proof/proof-spec.js';
import type { NodeId, ReadonlyTree } from './tree/tree.js';

/** One image with its devices. Structured-clonable; paths are absolute. */
export interface LayerSpec {
  /** a path, an http or https URL, or a blob that RemoteSpec.blobs describes; so are the devices */
  readonly image: string;
  /** byte offset of the file system in `image` (mkfs.erofs --offset); 0 unless given */
  readonly offset?: number;
  /** the extra devices, in device table order */
  readonly devices?: readonly string[];
  /** open an image that is shorter than its superblock says; reads beyond the end still fail */
  readonly allowTruncated?: boolean;
  /** how its bytes are checked; by IMAGE.dmverity, where that file exists, unless given */
  readonly proof?: ProofSpec;
  /** where the bytes of its files are, where they are not in it: a composefs image */
  readonly objects?: Pick<ObjectsSpec, 'stores' | 'namespace'>;
}

/** Everything that is needed to open an image, or several as one, again in another thread or process. Structured-clonable. */
export interface ImageSpec extends LayerSpec {
  /** every node is shown with this owner instead of its own */
  readonly uid?: number;
  readonly gid?: number;
  /** how URLs are read and what is read of them kept; only they need it */
  readonly remote?: RemoteSpec;
  /** the layers above it, merged as overlayfs does; the last one wins */
  readonly upperLayers?: readonly LayerSpec[];
  /** layers that are not seen themselves, where files of the others have their bytes; searched in this order */
  readonly dataLayers?: readonly LayerSpec[];
  /** what people call all of it, where `image` is a part only */
  readonly shownAs?: string;
  /** what it may keep in memory; COMMAND_MEMORY unless given */
  readonly memory?: ImageMemory;
  /** what its manifest says, of a container image */
  readonly container?: ContainerFacts;
}

/** Told of what is read of blobs behind a network. */
export type ReadObserver = (blob: KnownBlob, offset: number, length: number) => void;

/**
 * A problem that was met and left out, while the rest goes on: an invalid name in a directory. Without a code it is none, only
 * something that people should know: a layer that is fetched whole.
 */
export type ProblemReport = (problem: Error) => void;

export interface OpenedLayer {
  /** what people call it */
  readonly name: string;
  readonly tree: ReadonlyTree;
  readonly image: ErofsImage;
  /** of the image and its devices, in their order */
  readonly proofs: readonly Proof[];
  /** what the URLs among the image and its devices were found to be: see RemoteSpec.known */
  readonly known: Readonly<Record<string, KnownBlob>>;
  /** what lies behind a network, by device, the image first; undefined: it is local */
  readonly devices: readonly (RemoteDevice | undefined)[];
  /** how the bytes of a container image's layer are held against what the image says of them, by device; undefined: it is none */
  readonly guarantees: readonly (Guarantee | undefined)[];
  /** those blobs, and what holds their hash trees */
  readonly blobs: readonly RemoteBytes[];
  /** Runs an operation on tree or image; a promise only where bytes had to be fetched. It may run several times. */
  run<T>(operation: () => T, signal?: AbortSignal): T | Promise<T>;
  /** No operation is running: what was forgotten is used again. Only for who waits for nothing; others need not call it. */
  rest(): void;
  close(): void;
}

/**
 * One layer, or several as one: `tree`, `proofs`, `known`, `blobs` and `run` are of all of them. `image` and `devices` are
 * those of the lowest that is seen: who tells facts of an image asks `layers`.
 */
export interface OpenedImage extends OpenedLayer {
  /** those for data alone, then those that are seen, the lowest first; each has a tree of its own */
  readonly layers: readonly OpenedLayer[];
  /** The layer that shows a node of `tree`, and what the layer's own tree calls it. */
  origin(node: NodeId): { readonly layer: OpenedLayer; readonly node: NodeId };
}

/** Each layer as an image of its own: those that are seen, the lowest first, then those for data alone. */
export function layerSpecs({
  upperLayers = [],
  dataLayers = [],
  shownAs: _shownAs,
  container: _container,
  ...lowest
}: ImageSpec): ImageSpec[] {
  const { uid, gid, remote } = lowest;
  const shared = {
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    ...(remote !== undefined && { remote }),
  };
  return [lowest, ...[...upperLayers, ...dataLayers].map((layer) => ({ ...layer, ...shared }))];
}

/** Whether every byte of it lies in files here: nothing of it is ever waited for. */
export function isAllHere(spec: ImageSpec): boolean {
  const blobs = spec.remote?.blobs;
  return layerSpecs(spec)
    .flatMap(({ image, devices = [], proof }) => [
      image,
      ...devices,
      ...(proof?.blobs ?? []).flatMap(({ hashFile }) => hashFile ?? []),
    ])
    .every((reference) => isLocal(reference, blobs));
}

/** What people and other programs may see of it. */
export function shownName(spec: ImageSpec): string {
  const lowest = shownReference(spec.image, spec.remote?.blobs);
  const above = spec.upperLayers?.length ?? 0;
  return spec.shownAs ?? (above === 0 ? lowest : `${lowest}+${above}`);
}

/**
 * Throws ErofsError, VerityError and its kin for what is to prove the image, or the system's error (code ENOENT,
 * EACCES, …) for a path that cannot be opened.
 */
export async function openImage(
  spec: ImageSpec,
  report: ProblemReport = () => {},
  observed?: ReadObserver,
): Promise<OpenedImage> {
  if (layerSpecs(spec).length > 1) {
    const { openLayers } = await import('./open-layers.js');
    return openLayers(spec, report, observed);
  }
  const { remote, uid, gid, memory: shares = COMMAND_MEMORY } = spec;
  const memory = layerMemory(shares, remote);
  const layer = await openLayer(spec, { remote, uid, gid, report, observed, memory });
  return alone(layer);
}

function alone(layer: OpenedLayer): OpenedImage {
  return { ...layer, layers: [layer], origin: (node) => ({ layer, node }) };
}

/** As openImage, over sources that the caller made and nothing proves: the image first, then the extra devices. */
export async function openSources(
  sources: readonly Source[],
  spec: Pick<ImageSpec, 'offset' | 'allowTruncated' | 'uid' | 'gid'>,
  report: ProblemReport = () => {},
): Promise<OpenedImage> {
  const { uid, gid } = spec;
  const memory = layerMemory(COMMAND_MEMORY, undefined);
  const layer = await openLayerOf(sources, spec, { uid, gid, report, memory });
  return alone(layer);
}
