/**
 * A layer that can be unpacked as a whole only. All of it is fetched, its digest checked, and it is unpacked once; the result is
 * kept like chunks of a blob that were fetched, shared and evicted with them. What has been evicted is unpacked anew.
 */
import { join } from 'node:path';
import { blobsFolder } from '../cache/cache-directory.js';
import { removeBlob } from '../cache/chunk-files.js';
import { blobKey } from '../cache/chunk-index.js';
import { Grace } from '../cache/grace.js';
import { type KnownBlob, knownBlob, rememberBlob } from '../cache/known-blobs.js';
import type { LazySource } from '../cache/lazy-source.js';
import { OpeningClaim } from '../cache/opening-claim.js';
import type { Source } from '../cache/source.js';
import type { RemoteBlob } from '../remote/remote-blob.js';
import { FileBlob } from './file-blob.js';
import type { BlobEncoding, LayerBlob } from './layer-blob.js';
import { LayerError } from './layer-error.js';
import type { LayerRoom } from './layer-room.js';
import { piecesOfSource } from './pieces.js';
import { connectionOf, openLazy, openStored } from './stored-blob.js';
import { unpack } from './unpack.js';

export type PackedEncoding = Extract<BlobEncoding, { readonly kind: 'packed' }>;

export interface OpenedPacked {
  readonly source: LazySource;
  readonly known: KnownBlob;
}

/** Milliseconds that somebody else may take who unpacks the same layer: where he dies, he is waited for no longer. */
const PATIENCE = 300_000;

/** Rejects with LayerError 'not-lazy', as unpack does, and with RemoteError. */
export async function openPacked(
  blob: LayerBlob,
  encoding: PackedEncoding,
  room: LayerRoom,
): Promise<OpenedPacked> {
  const id = unpackedId(blob);
  const kept = openKept(blob, encoding, room, room.found ?? knownBlob(room.cacheDirectory, id));
  if (kept !== undefined) return kept;
  if (room.requireLazy) throw notLazy(blob);
  const claim = await OpeningClaim.take(room.cacheDirectory, id, new Grace(PATIENT));
  try {
    const since = openKept(blob, encoding, room, knownBlob(room.cacheDirectory, id));
    return since ?? (await unpackAndKeep(blob, encoding, room));
  } finally {
    claim.release();
  }
}

const PATIENT = { deadline: 2 * PATIENCE, grace: PATIENCE };

/** Two layers with one id unpack to the same bytes. */
const unpackedId = ({ digest, unpackedDigest }: LayerBlob): string =>
  unpackedDigest === undefined ? `${digest} unpacked` : `${digest} unpacked to ${unpackedDigest}`;

/** undefined where not all of it is here, unless another thread has seen to that a moment ago. */
function openKept(
  blob: LayerBlob,
  encoding: PackedEncoding,
  room: LayerRoom,
  known: KnownBlob | undefined,
): OpenedPacked | undefined {
  if (known === undefined) return undefined;
  const source = openLazy(
    known,
    room,
    connectionOf(blob, room, () => unpacked(blob, encoding, room)),
  );
  if (room.found !== undefined || source.isHere(0, known.size)) return { source, known };
  source.close();
  return undefined;
}

async function unpackAndKeep(
  blob: LayerBlob,
  encoding: PackedEncoding,
  room: LayerRoom,
): Promise<OpenedPacked> {
  room.report(
    new Error(
      `${blob.name} is packed as a whole (${blob.mediaType}) and cannot be read in parts: all of its ${blob.size} bytes are fetched and unpacked first`,
    ),
  );
  const opened = await unpacked(blob, encoding, room);
  const { id, name, size, version } = opened;
  const known = { id, name, size, version };
  const connect = () => unpacked(blob, encoding, room);
  const source = openLazy(known, room, { blob: opened, connect });
  try {
    await source.prefetch({ offset: 0, length: size });
    await source.flush();
  } catch (error) {
    source.close();
    throw error;
  }
  // who finds the record expects all of it; what a cache does not keep is read from the file, as long as the layer is open
  if (source.isHere(0, size)) {
    const refusal = rememberBlob(room.cacheDirectory, id, known);
    if (refusal !== undefined) room.report(refusal);
    if (blob.place.kind === 'registry') removeStored(blob, room);
  }
  return { source, known };
}

async function unpacked(
  blob: LayerBlob,
  { compression }: PackedEncoding,
  room: LayerRoom,
): Promise<RemoteBlob> {
  const { name, digest, unpackedDigest } = blob;
  const packed = { name, compression, digest, unpackedDigest };
  const limits = { cacheDirectory: room.cacheDirectory, limit: room.cacheSize };
  const stored = openStored(blob, room);
  let source: Source;
  try {
    source = await unpack(piecesOfSource(stored), packed, limits).catch((error) => {
      if (stored.discard === undefined || (error as LayerError).code !== 'bad-digest') throw error;
      // of another server, where there is one
      stored.discard(0, blob.size);
      return unpack(piecesOfSource(stored), packed, limits);
    });
  } catch (error) {
    if (error instanceof LayerError && blob.place.kind === 'registry') removeStored(blob, room);
    throw error;
  } finally {
    stored.close();
  }
  return new FileBlob(source, { id: unpackedId(blob), name, version: 'digest' });
}

/** What is kept of it as it came: the next one begins anew, or has what it was unpacked to. */
function removeStored({ digest }: LayerBlob, { cacheDirectory, report }: LayerRoom): void {
  try {
    removeBlob(join(blobsFolder(cacheDirectory), blobKey(digest)));
  } catch (error) {
    report(error as Error);
  }
}

function notLazy({ name, mediaType, size }: LayerBlob): LayerError {
  return new LayerError(
    'not-lazy',
    `${name} is packed as a whole (${mediaType}) and cannot be read in parts: all of its ${size} bytes would have to be fetched first, which is refused (--require-lazy); use an image with a chunk index or plain EROFS layers`,
  );
}
