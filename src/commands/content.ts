/** File content in pieces, what it digests to, and extended attributes: the reads that several commands share. */
import type { NodeId } from '../tree/tree.js';
import { createHasher } from '../verity/hash.js';
import { readRange } from './content-range.js';
import type { OpenTree } from './open-tree.js';

export { ContentError, PIECE_SIZE, readRange } from './content-range.js';
export { type Xattr, xattrsOf } from './xattrs.js';

/** SHA-256 of a file's content in hexadecimal. `buffer` is scratch space. Rejects with ContentError. */
export async function sha256Of(
  open: OpenTree,
  node: NodeId,
  size: number,
  buffer: Uint8Array,
): Promise<string> {
  const hash = createHasher('sha256');
  await readRange(open, node, 0, size, buffer, (piece) => {
    hash.update(piece);
  });
  return Buffer.from(hash.digest()).toString('hex');
}
