/** A whole blob held against its digest, and an fs-verity tree of the same bytes, so that they can be held against it ever after. */
import { eachPiece } from '../cache/pieces.js';
import type { Source } from '../cache/source.js';
import { digestText, parseDigest } from '../verity/digest-text.js';
import { VerityError } from '../verity/errors.js';
import { DEFAULT_BLOCK_SIZE, fileDigest, fsVerityTree } from '../verity/fs-verity.js';
import { createHasher } from '../verity/hash.js';
import { TreeBuilder } from '../verity/tree-builder.js';
import { keepTree } from './kept-trees.js';
import type { ProofSpec } from './proof-spec.js';

/**
 * Reads all of the blob, once, keeps its fs-verity tree, and gives the digest of that. Rejects with VerityError: 'digest-mismatch', 'data-size' for an empty
 * blob, 'not-here' for one behind a network of which something would have to be fetched.
 */
export async function checkBlobDigest(
  blob: Source,
  digest: string,
  { cacheDirectory, policy }: Pick<ProofSpec, 'cacheDirectory' | 'policy'>,
): Promise<string> {
  const backend = policy?.backend;
  const { algorithm } = parseDigest(digest, 'the digest of the image');
  if (blob.isHere?.(0, blob.size) === false) {
    throw new VerityError(
      'not-here',
      `${blob.name}: its digest is that of all its bytes, and not all of them are here; fetch them first with erofs pull, or give --verity-root or --fsverity-digest, which check what is read`,
    );
  }
  const parameters = { algorithm: 'sha256', blockSize: DEFAULT_BLOCK_SIZE, salt: new Uint8Array(0) } as const;
  const tree = fsVerityTree(parameters, blob.size, backend);
  if (tree === undefined)
    throw new VerityError('data-size', `${blob.name} is empty; there is nothing to verify in it`);
  const hasher = createHasher(algorithm, backend);
  const builder = new TreeBuilder(tree);
  await eachPiece(blob, blob.size, (piece) => {
    hasher.update(piece);
    builder.add(piece);
  });
  const found = digestText({ algorithm, bytes: hasher.digest() });
  if (found !== digest) {
    throw new VerityError(
      'digest-mismatch',
      `${blob.name}: its digest is ${found}, ${digest} was pinned; it was changed, or it is another image`,
    );
  }
  const { root, bytes } = builder.finish();
  const fsVerityDigest = digestText(fileDigest({ ...parameters, fileSize: blob.size, root }, backend));
  if (cacheDirectory !== undefined) keepTree(cacheDirectory, blob.id, fsVerityDigest, bytes);
  return fsVerityDigest;
}
