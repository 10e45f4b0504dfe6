/** File content in pieces, and extended attributes: the reads that several commands share. */
import type { NodeId } from '../tree/tree.js';
import { createHasher } from '../verity/hash.js';
import type { OpenTree } from './open-tree.js';

/** Bytes read at a time: as much as the kernel asks of a mount in one request. */
export const PIECE_SIZE = 1024 * 1024;

/** Content that could not be read; `code` is that of the cause. */
export class ContentError extends Error {
  override readonly name = 'ContentError';
  readonly code: string;

  constructor(offset: number, cause: unknown) {
    super(`reading at byte ${offset}: ${(cause as Error).message}`, { cause });
    this.code = String((cause as { code?: unknown }).code ?? 'read-failed');
  }
}

/**
 * Gives the bytes from `start` up to `end` of a file to `take`, in order, in pieces no longer than `buffer`,
 * which is reused once `take` has settled. Rejects with ContentError, or with what `take` throws.
 */
export async function readRange(
  open: OpenTree,
  node: NodeId,
  start: number,
  end: number,
  buffer: Uint8Array,
  take: (piece: Uint8Array, offset: number) => void | Promise<void>,
): Promise<void> {
  for (let offset = start; offset < end; ) {
    const piece = buffer.subarray(0, Math.min(buffer.length, end - offset));
    await fillPiece(open, node, offset, piece);
    await take(piece, offset);
    offset += piece.length;
  }
}

async function fillPiece(open: OpenTree, node: NodeId, offset: number, piece: Uint8Array): Promise<void> {
  try {
    const filled = await open.run(() => open.tree.read(node, offset, piece));
    if (filled === piece.length) return;
    throw new Error(`the content ends ${piece.length - filled} bytes before the size that the inode gives`);
  } catch (cause) {
    throw new ContentError(offset, cause);
  }
}

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

export interface Xattr {
  /** full name, such as "user.a" */
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/** All extended attributes of a node, sorted by name. Rejects as the tree throws. */
export async function xattrsOf(open: OpenTree, node: NodeId): Promise<Xattr[]> {
  const names = await open.run(() => open.tree.listxattr(node));
  const xattrs: Xattr[] = [];
  for (const name of names) {
    const value = await open.run(() => open.tree.getxattr(node, name));
    if (value !== undefined) xattrs.push({ name, value });
  }
  return xattrs.sort((left, right) => Buffer.compare(left.name, right.name));
}
