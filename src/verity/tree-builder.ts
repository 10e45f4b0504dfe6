/** Builds a Merkle tree from a stream of data: the only memory is the tree itself, 0.8 % of the data at 4 KiB blocks. */
import { VerityError } from './errors.js';
import type { MerkleTree } from './merkle-tree.js';

export interface BuiltTree {
  readonly root: Uint8Array;
  /** as it lies on disk: the highest level first; empty over one data block */
  readonly bytes: Uint8Array;
}

export class TreeBuilder {
  readonly #tree: MerkleTree;
  readonly #bytes: Uint8Array;
  readonly #root: Uint8Array;
  #added = 0;

  constructor(tree: MerkleTree) {
    this.#tree = tree;
    this.#bytes = new Uint8Array(tree.shape.size);
    this.#root = new Uint8Array(tree.shape.digestSize);
  }

  /**
   * The next data, in order; every piece but the last is a whole number of blocks. Throws 'data-size' where it is not, or
   * where it is more than the tree covers.
   */
  add(piece: Uint8Array): void {
    const { dataSize, shape } = this.#tree;
    const { dataBlockSize } = shape;
    const end = this.#added + piece.length;
    if (end > dataSize || (piece.length % dataBlockSize !== 0 && end !== dataSize)) {
      throw new VerityError(
        'data-size',
        `building a hash tree: ${piece.length} bytes came after ${this.#added} of ${dataSize}, ` +
          `whole blocks of ${dataBlockSize} bytes were expected`,
      );
    }
    for (let at = 0; at < piece.length; at += dataBlockSize) {
      this.#addBlock(piece.subarray(at, at + dataBlockSize), (this.#added + at) / dataBlockSize);
    }
    this.#added = end;
  }

  /** Throws 'data-size' where data is missing. */
  finish(): BuiltTree {
    const { dataSize, shape } = this.#tree;
    if (this.#added !== dataSize) {
      throw new VerityError(
        'data-size',
        `building a hash tree: the data ended after ${this.#added} bytes, ${dataSize} were expected`,
      );
    }
    for (let level = 0; level < shape.levels; level++) this.#hashLevel(level);
    return { root: this.#root, bytes: this.#bytes };
  }

  #addBlock(block: Uint8Array, number: number): void {
    const { shape, dataHash } = this.#tree;
    if (shape.levels === 0) dataHash.digestInto(block, this.#root, 0);
    else dataHash.digestInto(block, this.#bytes, this.#placeOf(0, number));
  }

  /** Puts the digests of a level's blocks into the level above it, or into the root. */
  #hashLevel(level: number): void {
    const { shape, nodeHash } = this.#tree;
    for (let block = 0; block < shape.dataBlocks; block += shape.coverage(level)) {
      const start = shape.hashBlock(level, block) * shape.hashBlockSize;
      const node = this.#bytes.subarray(start, start + shape.hashBlockSize);
      if (level === shape.levels - 1) nodeHash.digestInto(node, this.#root, 0);
      else nodeHash.digestInto(node, this.#bytes, this.#placeOf(level + 1, block));
    }
  }

  #placeOf(level: number, dataBlock: number): number {
    const { shape } = this.#tree;
    return shape.hashBlock(level, dataBlock) * shape.hashBlockSize + shape.digestOffset(level, dataBlock);
  }
}
