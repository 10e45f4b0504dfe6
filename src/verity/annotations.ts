/**
 * dm-verity in the annotations of an OCI descriptor. Several sets of names are in use for the same few facts; they are
 * read alike, and where a descriptor has two sets they must agree.
 */
import {
  checkBlockSize,
  checkHashOffset,
  type LayerProof,
  ProofError,
  parseBlobDigest,
  parseRoot,
} from './layer-proof.js';
import { decodeBase64 } from './signature-pem.js';

export type Annotations = Readonly<Record<string, string>>;

/** The names of one set. */
interface NameSet {
  readonly root: string;
  readonly layer?: string;
  readonly signature?: string;
  readonly offset?: string;
  readonly blockSize?: string;
  /** only blobs that bring their tree along have it; their root hash may be said elsewhere */
  readonly layout?: string;
}

const NAME_SETS: readonly NameSet[] = [
  // the draft of the EROFS image specification, on the layer's own descriptor
  {
    root: 'org.erofs.dmverity.root_digest',
    offset: 'org.erofs.dmverity.hash_offset',
    blockSize: 'org.erofs.dmverity.block_size',
  },
  // containerd's, before that draft
  {
    root: 'dev.containerd.erofs.dmverity.root_digest',
    offset: 'dev.containerd.erofs.dmverity.offset',
    blockSize: 'dev.containerd.erofs.dmverity.block_size',
  },
  // Notation's dm-verity proposal; the signature is the blob
  { layer: 'io.cncf.notary.layer.digest', root: 'io.cncf.notary.dm-verity.root-hash' },
  // Notation as Azure Linux builds it
  {
    layer: 'io.cncf.notary.dmverity.layer-digest',
    root: 'io.cncf.notary.dmverity.layer-roothash',
    signature: 'io.cncf.notary.dmverity.layer-signature',
  },
  // its blobs made in advance, image and tree apart
  {
    layer: 'io.cncf.notary.dmverity.source-layer-digest',
    root: 'io.cncf.notary.dmverity.root-hash',
    layout: 'io.cncf.notary.dmverity.layout',
  },
  // Kata Containers on Azure, the first of them
  { layer: 'image.layer.digest', root: 'image.layer.root_hash', signature: 'image.layer.signature' },
];

const SEPARATE_LAYOUT = 'separate-hash-device-superblock-v1';
const DEFAULT_BLOCK_SIZE = 4096;

/** undefined where no annotation is about dm-verity. Throws ProofError. */
export function parseAnnotations(annotations: Annotations): LayerProof | undefined {
  let proof: LayerProof | undefined;
  for (const names of NAME_SETS) {
    const found = parseSet(annotations, names);
    if (found !== undefined) proof = proof === undefined ? found : agreed(proof, found);
  }
  return proof;
}

function parseSet(annotations: Annotations, names: NameSet): LayerProof | undefined {
  const texts: Partial<Record<keyof NameSet, string>> = Object.fromEntries(
    Object.entries(names).map(([fact, name]) => [fact, annotations[name]]),
  );
  const { root, layer, signature, offset, blockSize, layout } = texts;
  if (Object.values(texts).every((text) => text === undefined)) return undefined;
  if (names.layout === undefined) requirePresent(root, names.root);
  if (names.layer !== undefined) requirePresent(layer, names.layer);
  if (names.offset !== undefined) requirePresent(offset, names.offset);
  const size =
    blockSize === undefined ? DEFAULT_BLOCK_SIZE : checkBlockSize(decimal(blockSize), said(names.blockSize));
  return {
    ...(root !== undefined && parseRoot(root, said(names.root))),
    ...(layer !== undefined && { layerDigest: parseBlobDigest(layer, said(names.layer)) }),
    ...(signature !== undefined && { signature: parseSignature(signature, said(names.signature)) }),
    ...(offset !== undefined && {
      hashOffset: checkHashOffset(decimal(offset), said(names.offset), size),
      blockSize: size,
    }),
    ...(layout !== undefined && { separateTree: parseLayout(layout, said(names.layout)) }),
  };
}

function said(name: string | undefined): string {
  return `the annotation ${name}`;
}

function requirePresent(text: string | undefined, name: string): void {
  if (text !== undefined) return;
  throw new ProofError(`the annotation ${name} is missing beside others of its kind`);
}

/** NaN for anything but digits. */
function decimal(text: string): number {
  return /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
}

function parseSignature(text: string, what: string): Uint8Array {
  try {
    return decodeBase64(text, what);
  } catch (error) {
    throw new ProofError((error as Error).message, { cause: error });
  }
}

function parseLayout(text: string, what: string): boolean {
  if (text === SEPARATE_LAYOUT) return true;
  throw new ProofError(`${what} is ${JSON.stringify(text)}; expected "${SEPARATE_LAYOUT}"`);
}

/** Both, where they do not contradict each other. */
function agreed(first: LayerProof, second: LayerProof): LayerProof {
  for (const [field, value] of Object.entries(second)) {
    const other = first[field as keyof LayerProof];
    if (other === undefined || textOf(other) === textOf(value)) continue;
    throw new ProofError(
      `two sets of annotations contradict each other: ${field} is ${textOf(other)} and ${textOf(value)}`,
    );
  }
  return { ...first, ...second };
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
}
