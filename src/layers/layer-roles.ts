/**
 * What the layers of an image are to each other, from their descriptors alone: which are merged, which hold the data of others,
 * and which are devices of an image; by org.erofs.role and the media types.
 *
 * Pure: what is wrong or cannot be read is told here, before anything is fetched.
 */
import type { BlobClaims } from '../proof/proof-spec.js';
import type { Guarantee } from './guarantee.js';
import { type BlobEncoding, type BlobPlace, blobReference, type LayerBlob } from './layer-blob.js';
import {
  type DescribedLayer,
  describeLayers,
  type LayeredImage,
  type LayerRole,
  nameOf,
} from './layer-description.js';
import { LayerError } from './layer-error.js';

/** An EROFS image whose files have their bytes in a tar archive: mkfs.erofs --tar=i. */
export interface TarIndex {
  /** a path, a URL or the reference of a blob */
  readonly image: string;
  /** the archive stands behind the index: the layer itself is not needed */
  readonly holdsTar?: boolean | undefined;
}

export interface LayerOptions {
  /** by the digest of a tar layer, or of what it unpacks to */
  readonly tarIndexes?: Readonly<Record<string, TarIndex>> | undefined;
}

/** What is opened for one layer: a part of an ImageSpec. Structured-clonable. */
export interface LayerParts {
  readonly image: string;
  readonly devices?: readonly string[];
  readonly proof?: {
    /** the image's, then those of the devices */
    readonly blobs: readonly LayerClaims[];
    readonly ignoreSidecars: true;
  };
}

/** About dm-verity: some of BlobClaims. */
export type LayerClaims = Pick<BlobClaims, 'root' | 'hashFile' | 'hashOffset' | 'signature'>;

/** What people want to know of a layer. */
export interface LayerFacts {
  readonly digest: string;
  /** bytes */
  readonly size: number;
  readonly mediaType: string;
  readonly role: LayerRole;
  /** how far its bytes are verified; an index without checksums is found when it is read */
  readonly guarantee: Guarantee;
  /** all of it must be fetched before anything of it can be read */
  readonly isPacked: boolean;
  /** what the descriptor says and is not made use of, and what is made use of besides */
  readonly notes: readonly string[];
}

export interface ImageLayers {
  /** lowest first, one at least */
  readonly layers: readonly LayerParts[];
  /** not seen themselves: files of others have their bytes there; searched in this order */
  readonly dataLayers: readonly LayerParts[];
  /** by digest: see RemoteSpec.blobs */
  readonly blobs: Readonly<Record<string, LayerBlob>>;
  /** in the order of the manifest; without indexes that have blobs of their own */
  readonly facts: readonly LayerFacts[];
}

/**
 * Throws LayerError 'tar-layer', 'foreign-layer', 'bad-roles' or 'bad-index', and ProofError for what is said of dm-verity.
 */
export function layersOf(image: LayeredImage, options: LayerOptions = {}): ImageLayers {
  return assembleLayers(image, describeLayers(image), options);
}

/** `described` are the image's, with what is known of them besides. Throws as layersOf. */
export function assembleLayers(
  image: LayeredImage,
  described: readonly DescribedLayer[],
  options: LayerOptions = {},
): ImageLayers {
  const layers: LayerParts[] = [];
  const dataLayers: LayerParts[] = [];
  let devices: DescribedLayer[] = [];
  for (const layer of described) {
    if (layer.role === 'device') {
      devices.push(layer);
      continue;
    }
    const parts =
      layer.media.format === 'tar' ? partsOfTar(layer, devices, options) : partsOf(openedAs(layer), devices);
    devices = [];
    // of data as of all else, the highest layer comes first
    if (layer.role === 'data') dataLayers.unshift(parts);
    else layers.push(parts);
  }
  const last = described.at(-1);
  if (last === undefined || last.role !== 'layer') {
    const found = last === undefined ? 'it has none' : `${last.called} is one for the ${last.role} of others`;
    throw new LayerError(
      'bad-roles',
      `the last layer of ${image.name} must be one that can be mounted: ${found}; the image has to be made anew`,
    );
  }
  return { layers, dataLayers, blobs: blobsOf(image, described), facts: described.map(factsOf) };
}

interface Opened {
  readonly reference: string;
  readonly claims: LayerClaims;
}

function partsOf({ reference, claims }: Opened, devices: readonly DescribedLayer[]): LayerParts {
  const others = devices.map(openedAs);
  return {
    image: reference,
    ...(others.length > 0 && { devices: others.map((device) => device.reference) }),
    proof: { blobs: [claims, ...others.map((device) => device.claims)], ignoreSidecars: true },
  };
}

const openedAs = (layer: DescribedLayer): Opened => ({
  reference: blobReference((layer.standIn?.image ?? layer.blob).digest),
  claims: claimsOf(layer),
});

function claimsOf({ proof, signature, standIn }: DescribedLayer): LayerClaims {
  if (proof?.rootHash === undefined) return {};
  const { algorithm, hashOffset } = proof;
  const hex = Buffer.from(proof.rootHash).toString('hex');
  return {
    root: algorithm === undefined ? hex : `${algorithm}:${hex}`,
    ...(hashOffset !== undefined && { hashOffset }),
    ...(standIn !== undefined && { hashFile: blobReference(standIn.tree.digest) }),
    ...(signature !== undefined && { signature: Buffer.from(signature).toString('base64') }),
  };
}

/** Throws LayerError 'tar-layer'. */
function partsOfTar(
  layer: DescribedLayer,
  devices: readonly DescribedLayer[],
  { tarIndexes = {} }: LayerOptions,
): LayerParts {
  const { called, blob, foreign, standIn, offer } = layer;
  const index = tarIndexOf(layer, tarIndexes);
  if (index !== undefined && devices.length === 0) {
    return partsOf({ reference: index.image, claims: {} }, index.holdsTar === true ? [] : [layer]);
  }
  if (standIn !== undefined && devices.length === 0) return partsOf(openedAs(layer), []);
  throw new LayerError(
    'tar-layer',
    `${called} is a tar archive (${blob.mediaType}${foreign === undefined ? '' : `, made for ${foreign}`}), not an EROFS image; ${offer ?? ''}use an image with an EROFS platform, convert the layer with mkfs.erofs --tar=f, or give an index of it, made with mkfs.erofs --tar=i, with --tar-index`,
  );
}

/** The one that was given for a tar layer. */
export const tarIndexOf = (
  { blob }: DescribedLayer,
  tarIndexes: Readonly<Record<string, TarIndex>>,
): TarIndex | undefined => tarIndexes[blob.digest] ?? tarIndexes[blob.unpackedDigest ?? ''];

/** Layers, and the blobs that hold their indexes. */
function blobsOf({ layers }: LayeredImage, described: readonly DescribedLayer[]): Record<string, LayerBlob> {
  const blobs: Record<string, LayerBlob> = {};
  for (const layer of layers) {
    const { digest, size, mediaType, place } = layer;
    blobs[digest] ??= { digest, size, mediaType, place, name: nameOf(layer), encoding: { kind: 'plain' } };
  }
  for (const { standIn } of described) {
    if (standIn === undefined) continue;
    for (const blob of [standIn.image, ...standIn.parts, standIn.tree]) blobs[blob.digest] = blob;
  }
  for (const { blob } of described) blobs[blob.digest] = blob;
  return blobs;
}

function factsOf({ blob, role, proof, treeless, signature, standIn, notes }: DescribedLayer): LayerFacts {
  const { digest, size, mediaType, place, encoding } = blob;
  const unproven = proof === undefined ? guaranteeOf(encoding, place) : 'dm-verity';
  const read = standIn === undefined ? [blob] : [standIn.image, ...standIn.parts];
  return {
    ...{ digest, size, mediaType, role },
    guarantee: signature === undefined ? unproven : 'signed',
    isPacked: read.some((part) => part.encoding.kind === 'packed'),
    notes: proof === undefined && treeless !== undefined ? [...notes, NO_TREE] : notes,
  };
}

const NO_TREE = 'its dm-verity root hash is not used: where its tree is is not said';

function guaranteeOf({ kind }: BlobEncoding, place: BlobPlace): Guarantee {
  if (kind === 'indexed') return 'chunk-index';
  return kind === 'plain' && place.kind === 'file' ? 'none' : 'digest';
}
