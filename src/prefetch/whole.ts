/** All of a blob, in its order. */
import type { BlobRange } from '../cache/source.js';
import { PrefetchError } from './errors.js';
import type { RemoteBytes } from './remote-image.js';
import { several } from './several.js';

/** Bytes; a multiple of every chunk size. */
export const PIECE_SIZE = 4 << 20;
/** Pieces at a time, so that no round trip is spent waiting between two. */
const PARALLEL = 2;
/** More than a blob keeps in memory: pieces that came so long ago are in the cache, or lost. */
const LOOK_BACK = 64 * PIECE_SIZE;
/** The second one is for chunks that were on their way to somebody who gave up. */
const PASSES = 2;

/** Gets each piece in about their order, once it is here; awaited. */
export type PieceTaker = (piece: BlobRange) => void | Promise<void>;

/**
 * Settles when all of it is here and durable. Rejects with PrefetchError 'not-kept' as soon as that cannot be, with
 * RemoteError, with what `take` throws, or with the signal's reason.
 */
export async function prefetchWhole(
  blob: RemoteBytes,
  take: PieceTaker = () => {},
  signal?: AbortSignal,
): Promise<void> {
  for (let pass = 0; pass < PASSES; pass++) {
    await several(piecesOf(blob.size), PARALLEL, signal, async (piece) => {
      if (!isHere(blob, piece)) {
        await blob.prefetch(piece, signal);
        requireKept(blob, piece.offset - LOOK_BACK);
      }
      if (pass === 0) await take(piece);
    });
    await blob.flush();
    if (isHere(blob, { offset: 0, length: blob.size })) return;
  }
  throw notKept(blob);
}

/** Throws PrefetchError 'cache-too-small' where the blobs do not fit in `budget` bytes. */
export function requireRoom(blobs: readonly RemoteBytes[], budget: number): void {
  const size = blobs.reduce((sum, blob) => sum + blob.size, 0);
  if (size <= budget) return;
  throw new PrefetchError(
    'cache-too-small',
    `${blobs[0]!.name}: all of it is ${size} bytes, and the cache may take ${budget}; give --cache-size more, or fetch less of it`,
  );
}

function* piecesOf(size: number): Generator<BlobRange> {
  for (let offset = 0; offset < size; offset += PIECE_SIZE) {
    yield { offset, length: Math.min(PIECE_SIZE, size - offset) };
  }
}

const isHere = (blob: RemoteBytes, { offset, length }: BlobRange): boolean => blob.isHere(offset, length);

/** A cache that keeps nothing is not filled to the end. */
function requireKept(blob: RemoteBytes, offset: number): void {
  if (offset >= 0 && !isHere(blob, { offset, length: PIECE_SIZE })) throw notKept(blob);
}

function notKept({ name }: RemoteBytes): PrefetchError {
  return new PrefetchError(
    'not-kept',
    `${name}: what was fetched did not stay in the cache; make room on its disk, give --cache-size more, or name another place with --cache-dir`,
  );
}
