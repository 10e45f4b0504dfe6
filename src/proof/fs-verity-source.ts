/** A blob under an fs-verity digest, which says nothing of where the tree is: it is given, kept from before, or built. */
import { BytesSource } from '../cache/bytes-source.js';
import { openFileSource } from '../cache/file-source.js';
import { HashBlocks } from '../cache/hash-blocks.js';
import type { HashMemory } from '../cache/hash-memory.js';
import { eachPiece } from '../cache/pieces.js';
import type { Source } from '../cache/source.js';
import { VerifiedSource } from '../cache/verified-source.js';
import { digestText, type NamedDigest, parseDigest } from '../verity/digest-text.js';
import { IntegrityError, VerityError } from '../verity/errors.js';
import {
  DEFAULT_BLOCK_SIZE,
  emptyRoot,
  type FsVerityAlgorithm,
  type FsVerityParameters,
  fileDigest,
  fsVerityTree,
  isFsVerityAlgorithm,
} from '../verity/fs-verity.js';
import type { HashBackend } from '../verity/hash.js';
import type { MerkleTree } from '../verity/merkle-tree.js';
import { TreeBuilder } from '../verity/tree-builder.js';
import { Verifier } from '../verity/verifier.js';
import { keepTree, keptTreePath } from './kept-trees.js';

export interface FsVerityClaim {
  /** "sha256:HEX" or "sha512:HEX" */
  readonly digest: string;
  /** the tree, highest level first, as `fsverity digest --out-merkle-tree` writes it */
  readonly treeFile: string | undefined;
  readonly backend: HashBackend | undefined;
  readonly cacheDirectory: string | undefined;
  /** where hash blocks are kept; its own unless given */
  readonly memory?: HashMemory | undefined;
}

const NO_SALT = new Uint8Array(0);

/**
 * Rejects with VerityError 'digest-mismatch' where the blob or the given tree has another digest, with others as verity
 * says, and as the sources do. A tree that was kept is believed no more than the blob: it has to give the digest.
 */
export async function fsVeritySource(data: Source, claim: FsVerityClaim): Promise<VerifiedSource> {
  const pinned = parseDigest(claim.digest, 'the fs-verity digest');
  const { algorithm } = pinned;
  if (!isFsVerityAlgorithm(algorithm)) {
    throw new VerityError(
      'bad-digest',
      `an fs-verity digest is one of sha256 or sha512, not of ${algorithm}`,
    );
  }
  const parameters = { algorithm, blockSize: DEFAULT_BLOCK_SIZE, salt: NO_SALT };
  const tree = fsVerityTree(parameters, data.size, claim.backend);
  if (tree === undefined) {
    throw new VerityError('data-size', `${data.name} is empty; there is nothing to verify in it`);
  }
  const matches = (root: Uint8Array) =>
    digestText(fileDigest({ ...parameters, fileSize: data.size, root }, claim.backend)) === claim.digest;

  const { root, hashes } =
    (await givenTree(claim, tree, matches)) ??
    (await keptTree(data, claim, tree, matches)) ??
    (await builtTree(data, claim, parameters, tree));
  const verifier = new Verifier(tree, root);
  return new VerifiedSource({ data, hashes, treeStart: 0, verifier, memory: claim.memory });
}

/** The digest of a whole blob, as `fsverity digest` prints it. `hashed` is told of each piece: bytes. Rejects as the source does. */
export async function fsVerityDigest(
  data: Source,
  parameters: FsVerityParameters,
  backend?: HashBackend,
  hashed: (bytes: number) => void = () => {},
): Promise<NamedDigest> {
  const tree = fsVerityTree(parameters, data.size, backend);
  const root = tree === undefined ? emptyRoot(parameters.algorithm) : (await build(data, tree, hashed)).root;
  return fileDigest({ ...parameters, fileSize: data.size, root }, backend);
}

interface RootedTree {
  readonly root: Uint8Array;
  readonly hashes: Source;
}

async function givenTree(
  { treeFile, digest }: FsVerityClaim,
  tree: MerkleTree,
  matches: (root: Uint8Array) => boolean,
): Promise<RootedTree | undefined> {
  if (treeFile === undefined || tree.shape.levels === 0) return undefined;
  const hashes = openFileSource(treeFile);
  const root = await rootOf(hashes, tree);
  if (root !== undefined && matches(root)) return { root, hashes };
  hashes.close();
  throw new VerityError(
    'digest-mismatch',
    `${treeFile}: this hash tree does not lead to the digest ${digest}; it is that of another file, size or algorithm`,
  );
}

/** Not there, cut off or another one's: then it is built again. */
async function keptTree(
  data: Source,
  { cacheDirectory, digest }: FsVerityClaim,
  tree: MerkleTree,
  matches: (root: Uint8Array) => boolean,
): Promise<RootedTree | undefined> {
  if (cacheDirectory === undefined || tree.shape.levels === 0) return undefined;
  let hashes: Source;
  try {
    hashes = openFileSource(keptTreePath(cacheDirectory, data.id, digest));
  } catch {
    return undefined;
  }
  const root = await rootOf(hashes, tree);
  if (root !== undefined && matches(root) && isWhole(hashes, tree, root)) return { root, hashes };
  hashes.close();
  return undefined;
}

/** Damage below the highest block would cost reads for as long as the tree is kept; hashing all of it costs 25 ms for a GiB. */
function isWhole(hashes: Source, tree: MerkleTree, root: Uint8Array): boolean {
  const { dataBlocks, hashBlockSize } = tree.shape;
  const blocks = new HashBlocks(hashes, 0, new Verifier(tree, root), hashBlockSize);
  try {
    for (let block = 0; block < dataBlocks; block += tree.shape.coverage(0)) blocks.leafSync(block);
    return true;
  } catch (error) {
    if (error instanceof IntegrityError) return false;
    throw error;
  }
}

/** The root hash that a tree file leads to: the digest of its highest block. */
async function rootOf(hashes: Source, tree: MerkleTree): Promise<Uint8Array | undefined> {
  const { size, hashBlockSize, digestSize } = tree.shape;
  if (hashes.size !== size) return undefined;
  const [highest] = await hashes.read([{ offset: 0, length: hashBlockSize }]);
  const root = new Uint8Array(digestSize);
  tree.nodeHash.digestInto(highest!, root, 0);
  return root;
}

async function builtTree(
  data: Source,
  { digest, cacheDirectory, backend }: FsVerityClaim,
  parameters: FsVerityParameters & { readonly algorithm: FsVerityAlgorithm },
  tree: MerkleTree,
): Promise<RootedTree> {
  const { root, bytes } = await build(data, tree);
  const found = digestText(fileDigest({ ...parameters, fileSize: data.size, root }, backend));
  if (found !== digest) {
    throw new VerityError(
      'digest-mismatch',
      `${data.name}: its fs-verity digest is ${found}, ${digest} was pinned; it was changed, or it is another image`,
    );
  }
  if (cacheDirectory !== undefined) keepTree(cacheDirectory, data.id, digest, bytes);
  return { root, hashes: new BytesSource(bytes, `the hash tree of ${data.name}`, `tree:${digest}`) };
}

async function build(data: Source, tree: MerkleTree, hashed: (bytes: number) => void = () => {}) {
  const builder = new TreeBuilder(tree);
  await eachPiece(data, data.size, (piece) => {
    builder.add(piece);
    hashed(piece.length);
  });
  return builder.finish();
}
