/**
 * Where every digest of a Merkle tree lies, for dm-verity of both types and fs-verity alike.
 *
 * Level 0 holds the digests of the data blocks, level n + 1 those of the blocks of level n, the highest is one block
 * and its digest is the root hash. On disk the highest level comes first. A tree over one data block has no levels:
 * the root hash is the digest of that block. Numbers of data blocks reach 2^44: divided, never shifted.
 */

import { VerityError } from './errors.js';

/** Sizes in bytes. */
export interface ShapeParameters {
  readonly dataBlocks: number;
  readonly dataBlockSize: number;
  readonly hashBlockSize: number;
  readonly digestSize: number;
  /** distance of two digests in a hash block */
  readonly slotSize: number;
}

interface Level {
  /** number of the level's first hash block, counted from the tree's start */
  readonly start: number;
  /** data blocks under one digest, and under one hash block */
  readonly perDigest: number;
  readonly perBlock: number;
}

export class TreeShape {
  readonly dataBlocks: number;
  readonly dataBlockSize: number;
  readonly hashBlockSize: number;
  readonly digestSize: number;
  readonly slotSize: number;
  /** a power of two, also where more digests would fit */
  readonly digestsPerBlock: number;
  /** hash blocks of each level, leaf first */
  readonly levelBlocks: readonly number[];
  /** bytes of the whole tree */
  readonly size: number;
  readonly #levels: readonly Level[];

  /** Throws 'bad-parameters' where a hash block has no room for two digests, or there is no data block. */
  constructor(parameters: ShapeParameters) {
    const { dataBlocks, dataBlockSize, hashBlockSize, digestSize, slotSize } = parameters;
    this.dataBlocks = dataBlocks;
    this.dataBlockSize = dataBlockSize;
    this.hashBlockSize = hashBlockSize;
    this.digestSize = digestSize;
    this.slotSize = slotSize;
    this.digestsPerBlock = 2 ** Math.floor(Math.log2(hashBlockSize / digestSize));
    if (this.digestsPerBlock < 2) {
      throw new VerityError(
        'bad-parameters',
        `a hash block of ${hashBlockSize} bytes has no room for two digests of ${digestSize}; use a larger one`,
      );
    }
    if (!Number.isSafeInteger(dataBlocks * dataBlockSize) || dataBlocks < 1) {
      throw new VerityError(
        'bad-parameters',
        `a hash tree over ${dataBlocks} blocks of ${dataBlockSize} bytes: at least one block and at most 2^53 bytes can be covered`,
      );
    }
    this.levelBlocks = blocksOfLevels(dataBlocks, this.digestsPerBlock);
    const blocks = this.levelBlocks.reduce((sum, count) => sum + count, 0);
    this.size = blocks * hashBlockSize;
    let start = blocks;
    this.#levels = this.levelBlocks.map((count, level) => {
      start -= count;
      const perDigest = this.digestsPerBlock ** level;
      return { start, perDigest, perBlock: perDigest * this.digestsPerBlock };
    });
  }

  /** How many; the leaf is level 0, the highest is `levels - 1`. */
  get levels(): number {
    return this.#levels.length;
  }

  /** Number of the hash block of `level` on the way to a data block, counted from the tree's start. */
  hashBlock(level: number, dataBlock: number): number {
    const { start, perBlock } = this.#levels[level]!;
    return start + Math.floor(dataBlock / perBlock);
  }

  /** Byte in that hash block where the digest on the way to the data block stands. */
  digestOffset(level: number, dataBlock: number): number {
    const position = Math.floor(dataBlock / this.#levels[level]!.perDigest);
    return (position % this.digestsPerBlock) * this.slotSize;
  }

  /** Data blocks under one hash block of `level`; fewer under the last one. */
  coverage(level: number): number {
    return this.#levels[level]!.perBlock;
  }
}

function blocksOfLevels(dataBlocks: number, digestsPerBlock: number): number[] {
  const counts: number[] = [];
  for (let count = dataBlocks; count > 1; ) {
    count = Math.ceil(count / digestsPerBlock);
    counts.push(count);
  }
  return counts;
}
