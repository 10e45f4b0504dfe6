/** A Merkle tree without its bytes: the shape, the digests, and how much data it covers. */
import type { BlockHash } from './block-hash.js';
import type { TreeShape } from './tree-shape.js';

export interface MerkleTree {
  readonly shape: TreeShape;
  /** of data blocks and of hash blocks: the sizes may differ, the algorithm and salt do not */
  readonly dataHash: BlockHash;
  readonly nodeHash: BlockHash;
  /** bytes covered; a last block that they do not fill is hashed as padded with zeros */
  readonly dataSize: number;
}
