/** All bytes of a source in order, for what has to see the whole of it, such as the building of a hash tree. */
import type { Source } from './source.js';

/** Bytes at a time; a multiple of every block size. */
export const PIECE_SIZE = 1 << 20;

/**
 * Gives `take` the first `size` bytes in pieces of PIECE_SIZE, the last one shorter; a piece is only lent. Between pieces
 * other work gets its turn. Rejects as the source does, with what `take` throws, and with the signal's reason.
 */
export async function eachPiece(
  source: Source,
  size: number,
  take: (piece: Uint8Array) => void,
  signal?: AbortSignal,
): Promise<void> {
  for (let offset = 0; offset < size; offset += PIECE_SIZE) {
    signal?.throwIfAborted();
    const length = Math.min(PIECE_SIZE, size - offset);
    const [piece] = await source.read([{ offset, length }], signal);
    take(piece!);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The same at once, from a source that has all of its bytes here. Throws as it does, and code 'io' where one is missing. */
export function eachPieceSync(source: Source, size: number, take: (piece: Uint8Array) => void): void {
  const buffer = new Uint8Array(Math.min(PIECE_SIZE, size));
  for (let offset = 0; offset < size; offset += PIECE_SIZE) {
    const piece = buffer.subarray(0, Math.min(PIECE_SIZE, size - offset));
    if (source.readSync?.(piece, offset) !== true) throw notHere(source.name, piece.length, offset);
    take(piece);
  }
}

function notHere(name: string, length: number, offset: number): Error {
  const message = `${name}: ${length} bytes from byte ${offset} on are not here; get them first`;
  return Object.assign(new Error(message), { code: 'io' });
}
