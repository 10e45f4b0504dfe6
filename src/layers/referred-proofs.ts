/**
 * What referrers of an image have about its layers: signatures of root hashes, hash trees, and EROFS images in the place of tar
 * archives.
 *
 * LAW: anybody may have attached a referrer. What is found only there is used for speed and never believed: its bytes are held against
 * a root hash that the manifest gives, or that a pinned certificate signed. Of several the newest that can be used counts; why others
 * cannot is told.
 */
import type { ConvertedLayer, VerityArtifact } from '../verity/annotations-artifact.js';
import { VerityError } from '../verity/errors.js';
import type { LayerProof } from '../verity/layer-proof.js';
import type { LayerBlob } from './layer-blob.js';
import type { DescribedLayer, StandIn } from './layer-description.js';

/** An artifact that is here, and what belongs to it. */
export interface ReferredArtifact {
  /** what people call it: "HOST/REPOSITORY@DIGEST" */
  readonly name: string;
  readonly content: VerityArtifact;
  /** by the digests of their blobs: those that do not stand in the artifact itself */
  readonly signatures: ReadonlyMap<string, Uint8Array>;
  /** images and trees by their digests */
  readonly blobs: ReadonlyMap<string, LayerBlob>;
}

export interface Referred {
  /** digest of the image's manifest */
  readonly subject: string;
  readonly artifacts: readonly ReferredArtifact[];
  /** of others: why they could not be read */
  readonly notes: readonly string[];
  /** Throws SignatureError unless a pinned certificate signed the root hash. Absent where none is pinned: no signature is needed. */
  readonly requireSigned?: ((signature: Uint8Array, rootHash: Uint8Array) => unknown) | undefined;
}

export interface ReferredProofs {
  readonly layers: readonly DescribedLayer[];
  /** what was found and is not used, and why */
  readonly notes: readonly string[];
}

/** Whether anything of them could be of use. `isIndexed`: the user gave an index for that tar layer. */
export function wantsReferrers(
  layers: readonly DescribedLayer[],
  isSigned: boolean,
  isIndexed: (layer: DescribedLayer) => boolean,
): boolean {
  return layers.some(
    (layer) =>
      isSigned ||
      (layer.proof === undefined && layer.treeless !== undefined) ||
      (layer.media.format === 'tar' && !isIndexed(layer)),
  );
}

/** Throws VerityError 'unproven' where certificates are pinned and a layer has no signature by one of them. */
export function referredProofs(layers: readonly DescribedLayer[], referred: Referred): ReferredProofs {
  const notes = [...referred.notes];
  const usable = newestFirst(referred.artifacts).filter(({ name, content }) => {
    const obstacle = obstacleTo(content, layers, referred.subject);
    if (obstacle !== undefined) notes.push(`${name} is not used: ${obstacle}`);
    return obstacle === undefined;
  });
  const prover = new Prover(usable, referred.requireSigned, notes);
  return { layers: layers.map((layer) => prover.prove(layer)), notes };
}

/** Times are the artifacts' own word; one without a time is the oldest. */
function newestFirst(artifacts: readonly ReferredArtifact[]): ReferredArtifact[] {
  const time = ({ content: { created = '' } }: ReferredArtifact) => Date.parse(created) || 0;
  return [...artifacts].sort((left, right) => time(right) - time(left));
}

/** Half a set of signatures is somebody's mistake, or of another image. Conversions help each layer by itself. */
function obstacleTo(
  content: VerityArtifact,
  layers: readonly DescribedLayer[],
  subject: string,
): string | undefined {
  if (content.subject.digest !== subject) return `it is about ${content.subject.digest}`;
  if (content.kind === 'bundle-signature') return 'signatures over other artifacts are not supported';
  const own = new Set(layers.map(({ blob }) => blob.digest));
  const told = new Set(content.layers.map(({ proof }) => proof.layerDigest!));
  const unknown = [...told].find((digest) => !own.has(digest));
  if (unknown !== undefined) return `it is about ${unknown}, which is no layer of the image`;
  const isHalf = content.kind === 'layer-signatures' && told.size < own.size;
  return isHalf ? `it signs ${told.size} of ${own.size} layers` : undefined;
}

interface Candidate {
  /** who says it */
  readonly name: string;
  readonly proof: LayerProof;
  readonly signature: Uint8Array | undefined;
}

interface Conversion {
  readonly artifact: ReferredArtifact;
  readonly converted: ConvertedLayer;
}

class Prover {
  readonly #artifacts: readonly ReferredArtifact[];
  readonly #requireSigned: Referred['requireSigned'];
  readonly #notes: string[];

  /** `artifacts`: the newest first. `notes` grow. */
  constructor(
    artifacts: readonly ReferredArtifact[],
    requireSigned: Referred['requireSigned'],
    notes: string[],
  ) {
    this.#artifacts = artifacts;
    this.#requireSigned = requireSigned;
    this.#notes = notes;
  }

  /** Throws VerityError 'unproven'. */
  prove(layer: DescribedLayer): DescribedLayer {
    const given = layer.proof ?? layer.treeless;
    const signed = this.#requireSigned === undefined ? undefined : this.#signed(layer, given);
    const signature = signed?.signature === undefined ? {} : { signature: signed.signature };
    // its tree is at hand
    if (layer.proof !== undefined) return { ...layer, ...signature };
    const root = signed?.proof ?? given;
    if (root === undefined) return this.#withOffer(layer);
    const conversion = this.#conversions(layer).find((found) => this.#isOfRoot(found, root));
    if (conversion !== undefined) return { ...converted(layer, conversion, root), ...signature };
    if (layer.media.format === 'tar') return { ...layer, offer: this.#lackOf(layer) };
    if (signed === undefined) return layer;
    // it can only be behind the file system
    return { ...layer, proof: rootOf(root), ...signature };
  }

  /** The newest signature that a pinned certificate made. Throws VerityError 'unproven'. */
  #signed(layer: DescribedLayer, given: LayerProof | undefined): Candidate {
    const obstacles: string[] = [];
    for (const candidate of this.#candidates(layer, given)) {
      const obstacle = this.#obstacle(candidate, given);
      if (obstacle === undefined) {
        this.#notes.push(...obstacles);
        return candidate;
      }
      obstacles.push(`${candidate.name}, for ${layer.blob.digest}, is not used: ${obstacle}`);
    }
    const reasons = [...this.#notes, ...obstacles];
    throw new VerityError(
      'unproven',
      `${layer.called} has no root hash with a signature by a pinned certificate (--verity-cert): ${reasons.length === 0 ? 'no signature refers to the image' : reasons.join('; ')}; have the image signed, or pin the certificate of who signed it`,
    );
  }

  /** The manifest's own word first. */
  #candidates({ blob }: DescribedLayer, given: LayerProof | undefined): Candidate[] {
    const own = given?.signature;
    const found: Candidate[] =
      own === undefined ? [] : [{ name: 'the manifest', proof: given!, signature: own }];
    for (const { name, content, signatures } of this.#artifacts) {
      if (content.kind === 'bundle-signature') continue;
      for (const entry of content.layers) {
        const { proof } = entry;
        if (proof.layerDigest !== blob.digest) continue;
        const apart = 'blob' in entry ? signatures.get(entry.blob.digest) : undefined;
        if ('blob' in entry || proof.signature !== undefined) {
          found.push({ name, proof, signature: proof.signature ?? apart });
        }
      }
    }
    return found;
  }

  #obstacle({ proof, signature }: Candidate, given: LayerProof | undefined): string | undefined {
    const { rootHash } = proof;
    if (rootHash === undefined) return 'it does not say which root hash is signed';
    if (given !== undefined && !isSameRoot(given, proof)) {
      return `it signs the root hash ${hexOf(proof)}, the manifest gives ${hexOf(given)}`;
    }
    if (signature === undefined) return 'it has no signature that can be read';
    try {
      this.#requireSigned!(signature, rootHash);
      return undefined;
    } catch (error) {
      if (typeof (error as { code?: unknown }).code !== 'string') throw error;
      return (error as Error).message;
    }
  }

  /** The newest first. */
  #conversions({ blob }: DescribedLayer): Conversion[] {
    return this.#artifacts.flatMap((artifact) => {
      const { content } = artifact;
      if (content.kind !== 'converted-layers') return [];
      const converted = content.layers.find(({ proof }) => proof.layerDigest === blob.digest);
      return converted === undefined ? [] : [{ artifact, converted }];
    });
  }

  /** One that does not say its root hash is found out when it is read. */
  #isOfRoot({ artifact, converted }: Conversion, root: LayerProof): boolean {
    if (converted.proof.rootHash === undefined || isSameRoot(converted.proof, root)) return true;
    this.#notes.push(
      `${artifact.name} is not used: its hash tree for ${converted.proof.layerDigest} has the root hash ${hexOf(converted.proof)}, and not ${hexOf(root)}`,
    );
    return false;
  }

  #lackOf({ blob }: DescribedLayer): string {
    const reasons = this.#notes.filter((note) => note.includes(blob.digest));
    const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
    return `its root hash is known, but no referrer has an EROFS image or index of it${why}; `;
  }

  #withOffer(layer: DescribedLayer): DescribedLayer {
    const [newest] = this.#conversions(layer);
    if (layer.media.format !== 'tar' || newest === undefined) return layer;
    const { artifact, converted } = newest;
    const { digest } = converted.image;
    const what = converted.tarIndex ? 'an index' : 'an EROFS image';
    const pinned = converted.tarIndex ? `--tar-index ${layer.blob.digest}=${digest}, or ` : '';
    return {
      ...layer,
      offer: `${artifact.name} has ${what} of it, ${digest}, but anybody may have attached that: trust it with ${pinned}--verity-cert and a signature; or `,
    };
  }
}

/** The layer, as read of what stands in for it. */
function converted(
  layer: DescribedLayer,
  { artifact, converted: { image, tarIndex, tree } }: Conversion,
  root: LayerProof,
): DescribedLayer {
  const { blob } = layer;
  const blobOf = (digest: string): LayerBlob => (digest === blob.digest ? blob : artifact.blobs.get(digest)!);
  const found = blobOf(image.digest);
  const standIn: StandIn = {
    ...(tarIndex ? { image: joined(found, blob), parts: [found, blob] } : { image: found, parts: [] }),
    tree: blobOf(tree.digest),
  };
  const by = image.digest === blob.digest ? `its hash tree is ${tree.digest}` : `read as ${image.digest}`;
  return {
    ...layer,
    proof: { ...rootOf(root), hashOffset: 0, separateTree: true },
    standIn,
    notes: [...layer.notes, `${by}, of ${artifact.name}`],
  };
}

/** The index stands before its archive, as in the one file that both are where they are made. */
const joined = (index: LayerBlob, tar: LayerBlob): LayerBlob => ({
  ...index,
  digest: `${index.digest}+${tar.digest}`,
  size: index.size + tar.size,
  name: `${index.name} and its archive ${tar.digest}`,
  encoding: { kind: 'joined', parts: [index.digest, tar.digest] },
});

const rootOf = ({ rootHash, algorithm }: LayerProof): LayerProof => ({
  ...(rootHash !== undefined && { rootHash }),
  ...(algorithm !== undefined && { algorithm }),
});

const hexOf = ({ rootHash = new Uint8Array() }: LayerProof): string => Buffer.from(rootHash).toString('hex');

const isSameRoot = (left: LayerProof, right: LayerProof): boolean => hexOf(left) === hexOf(right);
