/** A part of a file's content, in pieces. */
import type { NodeId } from '../tree/tree.js';
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

/** Fills `piece` from byte `offset` of a file. Rejects with ContentError, also where the file ends before. */
export async function fillPiece(
  open: OpenTree,
  node: NodeId,
  offset: number,
  piece: Uint8Array,
): Promise<void> {
  try {
    const filled = await open.run(() => open.tree.read(node, offset, piece));
    if (filled === piece.length) return;
    throw new Error(`the content ends ${piece.length - filled} bytes before the size that the inode gives`);
  } catch (cause) {
    throw new ContentError(offset, cause);
  }
}
