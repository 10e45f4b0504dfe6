/** Artifacts that refer to an image and say how its layers are verified, under the names that are in use for them. */
import type { ProvenImage } from './proven-image.js';
import { type Described, type ImageToPush, type LayerToPush, sha256 } from './registry-push.js';

export interface SignedLayer {
  /** digest of the layer */
  readonly of: string;
  /** hexadecimal */
  readonly root: string;
  readonly signature: Uint8Array;
}

export interface Conversion {
  /** digest of the layer that was converted */
  readonly of: string;
  readonly image: Uint8Array;
  readonly isTarIndex?: boolean;
  readonly tree: Uint8Array;
  /** where the artifact says it: hexadecimal */
  readonly root?: string;
}

interface About {
  readonly subject: Described;
  /** ISO 8601 */
  readonly created?: string;
}

export const ARTIFACT_TYPE = 'application/vnd.cncf.notary.dmverity.v1';

/** The signature is the blob: Notation's proposal. */
export const signaturesApart = (layers: readonly SignedLayer[], about: About): ImageToPush => ({
  ...artifact('application/vnd.cncf.notary.signature.dm-verity', about),
  layers: layers.map(({ of, root, signature }) => ({
    bytes: signature,
    mediaType: 'application/pkcs7-signature',
    annotations: { 'io.cncf.notary.layer.digest': of, 'io.cncf.notary.dm-verity.root-hash': root },
  })),
});

/** The signature is an annotation: Notation as Azure Linux builds it. */
export const signaturesInside = (layers: readonly SignedLayer[], about: About): ImageToPush => ({
  ...artifact(ARTIFACT_TYPE, about),
  layers: layers.map(({ of, root, signature }) => ({
    bytes: signature,
    mediaType: 'application/vnd.cncf.notary.dmverity.layer-signature+pkcs7',
    annotations: {
      'io.cncf.notary.dmverity.layer-digest': of,
      'io.cncf.notary.dmverity.layer-roothash': root,
      'io.cncf.notary.dmverity.layer-signature': Buffer.from(signature).toString('base64'),
    },
  })),
});

/** Images and trees for layers: Notation as Azure Linux builds it. */
export const conversions = (layers: readonly Conversion[], about: About): ImageToPush => ({
  ...artifact(ARTIFACT_TYPE, about),
  layers: layers.flatMap(({ of, image, isTarIndex = false, tree, root }): LayerToPush[] => {
    const annotations = {
      'io.cncf.notary.dmverity.source-layer-digest': of,
      ...(root !== undefined && { 'io.cncf.notary.dmverity.root-hash': root }),
    };
    const kind = isTarIndex ? 'tar-index' : 'layer';
    return [
      { bytes: image, mediaType: `application/vnd.cncf.containerd.erofs.${kind}.v1`, annotations },
      { bytes: tree, mediaType: 'application/vnd.cncf.dmverity.merkle-tree.v1', annotations },
    ];
  }),
});

/** The image itself, which has no tree, under one that is apart. */
export const treeApart = ({ bytes, hashArea, root }: ProvenImage): Conversion => ({
  ...{ of: sha256(bytes), image: bytes, tree: hashArea, root },
});

function artifact(artifactType: string, { subject, created }: About): Pick<ImageToPush, 'fields'> {
  const annotations = created === undefined ? {} : { 'org.opencontainers.image.created': created };
  return { fields: { artifactType, subject, annotations } };
}
