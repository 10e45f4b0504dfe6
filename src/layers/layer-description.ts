/** What the manifest says of each layer of an image: what it is, how its bytes are read, and what proves them. */
import { parseAnnotations } from '../verity/annotations.js';
import { type LayerProof, ProofError, parseBlobDigest } from '../verity/layer-proof.js';
import { type Annotations, blobEncoding, type StandaloneIndex, TARGET } from './blob-encoding.js';
import type { BlobPlace, LayerBlob } from './layer-blob.js';
import { LayerError } from './layer-error.js';
import { foreignFormat, type LayerMedia, layerMedia } from './layer-media.js';

/** A layer as the manifest lists it. */
export interface LayerDescriptor {
  /** "sha256:HEX" */
  readonly digest: string;
  /** bytes */
  readonly size: number;
  readonly mediaType: string;
  readonly annotations?: Annotations | undefined;
  readonly place: BlobPlace;
}

export interface LayeredImage {
  /** what people call it */
  readonly name: string;
  /** lowest first */
  readonly layers: readonly LayerDescriptor[];
  /** rootfs.diff_ids of the config: of what the layers unpack to, in their order */
  readonly diffIds?: readonly string[] | undefined;
}

export type LayerRole = 'layer' | 'device' | 'data';

/** A layer as its descriptor tells it. */
export interface DescribedLayer {
  /** what messages call it */
  readonly called: string;
  readonly media: LayerMedia;
  readonly role: LayerRole;
  readonly blob: LayerBlob;
  /** what can be checked: a root hash, and where its tree is unless that is right behind the file system */
  readonly proof: LayerProof | undefined;
  /** a root hash of the descriptor's whose tree is in no place that is told */
  readonly treeless?: LayerProof | undefined;
  /** PKCS#7 over the root hash, by a certificate that is pinned */
  readonly signature?: Uint8Array;
  /** what its bytes are read of, where not of the blob alone */
  readonly standIn?: StandIn;
  /** an index that would make a tar layer readable, if it were trusted: what to say of it */
  readonly offer?: string;
  /** what the descriptor says and is not made use of, and what is made use of besides */
  readonly notes: readonly string[];
  /** the other system that it was made for */
  readonly foreign: string | undefined;
}

/** Bytes that are held against the root hash of a layer's proof: who gives them need not be trusted. */
export interface StandIn {
  /** of the file system */
  readonly image: LayerBlob;
  /** what `image` is joined of */
  readonly parts: readonly LayerBlob[];
  /** begins with the dm-verity superblock */
  readonly tree: LayerBlob;
}

/** Without indexes in blobs of their own. Throws LayerError 'foreign-layer', 'bad-roles' or 'bad-index', and ProofError. */
export function describeLayers(image: LayeredImage): DescribedLayer[] {
  const { layers, diffIds = [] } = image;
  const kinds = layers.map((layer, i) => mediaOf(image, layer, i));
  const isIndex = (i: number) => kinds[i]?.format === 'chunk-index';
  const real = layers.filter((_, i) => !isIndex(i));
  return layers.flatMap((layer, i) => {
    if (isIndex(i)) {
      requireTarget(image, i);
      return [];
    }
    // an index in a blob of its own may count among the diff ids, or not
    const at = diffIds.length === real.length ? real.indexOf(layer) : i;
    const diffId = [layers.length, real.length].includes(diffIds.length) ? diffIds[at] : undefined;
    const next = layers[i + 1];
    const standalone = next !== undefined && isIndex(i + 1) ? annotated(next) : undefined;
    return describe(calling(image, i), layer, kinds[i]!, { diffId, standalone });
  });
}

const annotated = ({ digest, annotations = {} }: LayerDescriptor): StandaloneIndex => ({
  digest,
  annotations,
});

const calling = ({ name, layers }: LayeredImage, i: number): string =>
  `layer ${i + 1} of ${layers.length} (${layers[i]!.digest}) of ${name}`;

/** Throws LayerError 'foreign-layer'. */
function mediaOf(
  image: LayeredImage,
  { mediaType, annotations = {} }: LayerDescriptor,
  i: number,
): LayerMedia {
  const media = layerMedia(mediaType);
  if (media !== undefined) return media;
  const foreign = foreignFormat(mediaType, annotations);
  throw new LayerError(
    'foreign-layer',
    `${calling(image, i)} has the media type ${mediaType}${foreign === undefined ? '' : `, which is ${foreign}'s`}: it is no EROFS image; use an image with an EROFS platform, or convert its files with mkfs.erofs`,
  );
}

function requireTarget(image: LayeredImage, i: number): void {
  const target = image.layers[i]!.annotations?.[TARGET];
  const before = image.layers[i - 1]?.digest;
  if (target !== undefined && target === before) return;
  throw new LayerError(
    'bad-index',
    `${calling(image, i)} is a chunk index of ${target ?? 'no layer'}; expected the layer before it, ${before ?? 'of which there is none'}; the image has to be made anew`,
  );
}

interface Surroundings {
  readonly diffId: string | undefined;
  readonly standalone: StandaloneIndex | undefined;
}

function describe(
  called: string,
  layer: LayerDescriptor,
  media: LayerMedia,
  { diffId, standalone }: Surroundings,
): DescribedLayer {
  const { digest, size, mediaType, annotations = {}, place } = layer;
  const encoding = blobEncoding(called, media, annotations, standalone);
  const said = annotations['org.erofs.uncompressed-digest'] ?? diffId;
  const blob: LayerBlob = {
    ...{ digest, size, mediaType, place, encoding, name: nameOf(layer) },
    ...(said !== undefined && {
      unpackedDigest: parseBlobDigest(said, `${called}: its uncompressed digest`),
    }),
  };
  const { proof, treeless, note } = proofOf(called, layer, media);
  const notes = note === undefined ? [] : [note];
  const foreign = foreignFormat(mediaType, annotations);
  return { called, media, role: roleOf(called, annotations), blob, proof, treeless, notes, foreign };
}

export const nameOf = ({ digest, place }: LayerDescriptor): string =>
  place.kind === 'registry'
    ? `${place.registry}/${place.repository}@${digest}`
    : `${digest} in ${place.path}`;

const ROLES: ReadonlyMap<string | undefined, LayerRole> = new Map<string | undefined, LayerRole>([
  [undefined, 'layer'],
  ['overlay-lower', 'layer'],
  ['overlay-data', 'data'],
  ['device', 'device'],
]);

function roleOf(called: string, annotations: Annotations): LayerRole {
  const text = annotations['org.erofs.role'];
  const role = ROLES.get(text);
  if (role !== undefined) return role;
  throw new LayerError(
    'bad-roles',
    `${called} has the role ${JSON.stringify(text)}; expected device, overlay-lower or overlay-data`,
  );
}

const TREE_IN_FRAME = 'dev.containerd.erofs.dmverity.';

/** The claim about dm-verity that can be checked, and what is said and cannot. Throws ProofError. */
function proofOf(
  called: string,
  { digest, annotations = {} }: LayerDescriptor,
  { compression }: LayerMedia,
): Pick<DescribedLayer, 'proof' | 'treeless'> & { readonly note?: string } {
  const isInFrame = (key: string) => compression !== undefined && key.startsWith(TREE_IN_FRAME);
  const left = Object.entries(annotations).filter(([key]) => !isInFrame(key));
  const unused = left.length < Object.keys(annotations).length ? 'its dm-verity tree is packed apart' : '';
  const proof = parseAnnotations(Object.fromEntries(left));
  if (proof?.layerDigest !== undefined && proof.layerDigest !== digest) {
    throw new ProofError(`${called}: what is said of dm-verity is about ${proof.layerDigest}`);
  }
  if (proof?.rootHash === undefined) {
    return { proof: undefined, ...(unused !== '' && { note: `${unused}, and not used` }) };
  }
  const isTreeInside = proof.hashOffset !== undefined && proof.separateTree !== true;
  return isTreeInside ? { proof } : { proof: undefined, treeless: proof };
}
