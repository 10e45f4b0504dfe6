/**
 * The errors of this folder; `code` is stable.
 *
 * - `integrity`      bytes do not match their digest (errno EIO)
 * - `no-hash`        this Node.js lacks the algorithm, and no other backend was allowed
 * - `bad-digest`     a digest, salt or root hash is not written as it has to be
 * - `bad-parameters` block sizes, salt, hash type or block count outside what the format allows
 * - `weak-hash`      SHA-1 without being allowed
 * - `not-verity`     there is no dm-verity superblock or fs-verity descriptor
 * - `root-length`    the root hash is not as long as a digest of the algorithm
 * - `tree-place`     the tree does not start where its layout says it must
 * - `data-size`      the tree covers less or more than the data: it may be another level of the true one; or the data are not as long as was pinned
 * - `tree-truncated` the file ends before the tree does
 * - `uncovered`      the file system reaches beyond the blocks that the tree covers
 * - `contradiction`  a superblock says something else than what was pinned, or what was pinned cannot all hold
 * - `digest-mismatch` a whole blob, or a tree that was given for it, has another digest than the pinned one
 * - `not-here`       a whole blob is to be hashed, and not all of it is here
 * - `unproven`       a proof is required and there is none
 */
export type VerityErrorCode =
  | 'integrity'
  | 'no-hash'
  | 'bad-digest'
  | 'bad-parameters'
  | 'weak-hash'
  | 'not-verity'
  | 'root-length'
  | 'tree-place'
  | 'data-size'
  | 'tree-truncated'
  | 'uncovered'
  | 'contradiction'
  | 'digest-mismatch'
  | 'not-here'
  | 'unproven';

export class VerityError extends Error {
  override readonly name: string = 'VerityError';
  readonly code: VerityErrorCode;

  constructor(code: VerityErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Where bytes that do not match lie: a data block, or a block of the tree on a level (0 holds the leaf digests). */
export type TreeLevel = 'data' | number;

/** Bytes that do not match their digest. */
export class IntegrityError extends VerityError {
  override readonly name = 'IntegrityError';
  /** number of the data block, or of the hash block counted from the tree's start */
  readonly block: number;
  readonly level: TreeLevel;

  constructor(message: string, level: TreeLevel, block: number) {
    super('integrity', message);
    this.level = level;
    this.block = block;
  }
}
