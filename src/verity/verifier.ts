/**
 * Whether blocks match a root hash.
 *
 * LAW: a hash block that is given here as a parent has been checked here itself and has stayed in private memory since. A
 * block is checked as it stands in memory when it is used; nothing is remembered about storage.
 */
import { IntegrityError, type TreeLevel, VerityError } from './errors.js';
import type { MerkleTree } from './merkle-tree.js';
import type { TreeShape } from './tree-shape.js';

export class Verifier {
  readonly shape: TreeShape;
  /** bytes that can be verified, from byte 0 of the data on */
  readonly dataSize: number;
  readonly root: Uint8Array;
  readonly #tree: MerkleTree;
  readonly #zeroDigest: Uint8Array;

  /** `root` comes from outside of what it vouches for. Throws 'root-length' where it is no digest of the algorithm. */
  constructor(tree: MerkleTree, root: Uint8Array) {
    const { shape, dataHash } = tree;
    if (root.length !== shape.digestSize) {
      throw new VerityError(
        'root-length',
        `the root hash has ${root.length} bytes, one of ${dataHash.algorithm} has ${shape.digestSize}; ` +
          'give the root hash that was printed when the tree was made',
      );
    }
    this.#tree = tree;
    this.shape = shape;
    this.dataSize = tree.dataSize;
    this.root = root;
    this.#zeroDigest = dataHash.digest(new Uint8Array(shape.dataBlockSize));
  }

  /**
   * Whether `node` is the hash block of `level` above a data block. `parent` is the hash block above it; undefined
   * exactly where it is the highest.
   */
  nodeMatches(level: number, dataBlock: number, node: Uint8Array, parent: Uint8Array | undefined): boolean {
    return this.#tree.nodeHash.matches(node, parent ?? this.root, this.#digestAt(level + 1, dataBlock));
  }

  /** Whether `block` is that data block. `leaf` is the hash block above it; undefined exactly in a tree without levels. */
  dataMatches(dataBlock: number, block: Uint8Array, leaf: Uint8Array | undefined): boolean {
    return this.#tree.dataHash.matches(block, leaf ?? this.root, this.#digestAt(0, dataBlock));
  }

  /** Whether the data block is known to be all zeros, by its digest alone: it need not be read. */
  isZero(dataBlock: number, leaf: Uint8Array | undefined): boolean {
    const digests = leaf ?? this.root;
    const at = this.#digestAt(0, dataBlock);
    const zero = this.#zeroDigest;
    for (let i = 0; i < zero.length; i++) {
      if (digests[at + i] !== zero[i]) return false;
    }
    return true;
  }

  /** What to throw for a hash block; the arguments are those of nodeMatches, `name` is what people call the tree. */
  nodeError(
    name: string,
    level: number,
    dataBlock: number,
    node: Uint8Array,
    parent: Uint8Array | undefined,
  ): IntegrityError {
    const number = this.shape.hashBlock(level, dataBlock);
    return this.#error(
      `${name}: hash block ${number} (level ${level} of the tree, above data block ${dataBlock})`,
      level,
      number,
      this.#tree.nodeHash.digest(node),
      (parent ?? this.root).subarray(this.#digestAt(level + 1, dataBlock)),
    );
  }

  /** What to throw for a data block; the arguments are those of dataMatches, `name` is what people call the data. */
  dataError(
    name: string,
    dataBlock: number,
    block: Uint8Array,
    leaf: Uint8Array | undefined,
  ): IntegrityError {
    return this.#error(
      `${name}: data block ${dataBlock} (${this.shape.dataBlockSize} bytes from byte ${dataBlock * this.shape.dataBlockSize} on)`,
      'data',
      dataBlock,
      this.#tree.dataHash.digest(block),
      (leaf ?? this.root).subarray(this.#digestAt(0, dataBlock)),
    );
  }

  /** Where the digest stands that a hash block of `level` holds; the root hash is a block of one digest. */
  #digestAt(level: number, dataBlock: number): number {
    return level >= this.shape.levels ? 0 : this.shape.digestOffset(level, dataBlock);
  }

  #error(
    what: string,
    level: TreeLevel,
    number: number,
    found: Uint8Array,
    digests: Uint8Array,
  ): IntegrityError {
    const { algorithm, digestSize } = this.#tree.dataHash;
    const expected = Buffer.from(digests.subarray(0, digestSize)).toString('hex');
    return new IntegrityError(
      `${what} does not match its ${algorithm} digest: expected ${expected}, found ${Buffer.from(found).toString('hex')}; ` +
        'it was damaged or changed after the tree was made, or the root hash is that of another image',
      level,
      number,
    );
  }
}
