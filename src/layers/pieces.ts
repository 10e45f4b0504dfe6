/** A whole blob in pieces, in order, as what unpacks it wants it. */
import type { Source } from '../cache/source.js';
import type { RemoteBlob } from '../remote/remote-blob.js';

/** Bytes at a time of what is read ahead anyway: others wait while a piece is unpacked. */
const SOURCE_PIECE = 1 << 20;
/** Bytes at a time of what is asked for piece by piece: enough that a round trip does not count. */
const BLOB_PIECE = 4 << 20;

export async function* piecesOfSource(source: Source): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < source.size; offset += SOURCE_PIECE) {
    const length = Math.min(SOURCE_PIECE, source.size - offset);
    const [piece] = await source.read([{ offset, length }]);
    yield piece!;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A piece is lent until the next one is asked for. */
export async function* piecesOfBlob(blob: RemoteBlob): AsyncGenerator<Uint8Array> {
  const room = new Uint8Array(Math.min(BLOB_PIECE, blob.size));
  for (let offset = 0; offset < blob.size; offset += room.length) {
    const piece = room.subarray(0, blob.size - offset);
    await blob.fetch({ offset, length: piece.length }, (at, bytes) => {
      const from = Math.max(at, offset);
      const end = Math.min(at + bytes.length, offset + piece.length);
      if (from < end) piece.set(bytes.subarray(from - at, end - at), from - offset);
    });
    yield piece;
  }
}
