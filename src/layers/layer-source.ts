/**
 * One blob of an image becomes a Source of the bytes of its file system.
 *
 * LAW of this room: from one blob of an image to bytes of a file system; what has a checksum is checked before it is kept, and
 * what has none is told.
 */
import { type KnownBlob, knownBlob, rememberBlob } from '../cache/known-blobs.js';
import type { LazySource } from '../cache/lazy-source.js';
import type { Source } from '../cache/source.js';
import type { Arrival, RemoteBlob } from '../remote/remote-blob.js';
import { ChunkIndex } from './chunk-index.js';
import type { Guarantee } from './guarantee.js';
import type { IgnoredIndex } from './index-payload.js';
import { IndexedBlob } from './indexed-blob.js';
import { JoinedSource } from './joined-source.js';
import type { BlobEncoding, LayerBlob } from './layer-blob.js';
import { LayerError } from './layer-error.js';
import type { LayerRoom } from './layer-room.js';
import { openPacked } from './packed-layer.js';
import { type IndexedEncoding, readIndex } from './read-index.js';
import { connectionOf, openLazy, openPart, openRemote, openStored } from './stored-blob.js';
import { WholeDigest } from './whole-digest.js';

export interface OpenedLayer {
  readonly source: Source;
  /** for other threads: see LayerRoom.found; absent for a part of a file. Its version is the layer's Guarantee. */
  readonly known?: KnownBlob;
  /** what watches over the digest of all of it, where nothing else proves its bytes */
  readonly whole?: WholeDigest;
  /** the sources that it is joined of */
  readonly parts?: readonly Source[];
}

/** As it is known before the layer is read. Rejects with LayerError, RemoteError, and the system's error for files. */
export async function openLayerBlob(blob: LayerBlob, room: LayerRoom): Promise<OpenedLayer> {
  switch (blob.encoding.kind) {
    case 'plain':
      return openPlain(blob, room);
    case 'indexed':
      return openIndexed(blob, blob.encoding, room);
    case 'packed':
      return openPacked(blob, blob.encoding, room);
    case 'joined':
      return openJoined(blob, blob.encoding.parts, room);
  }
}

function openPlain(blob: LayerBlob, room: LayerRoom): OpenedLayer {
  if (blob.place.kind === 'file') return { source: openPart(blob) };
  const { digest: id, name, size } = blob;
  const known = knownAs('digest', { id, name, size });
  const open = async (arrived?: Arrival) => openRemote(blob, room, arrived);
  return openWatched(blob, known, room, open, blob.digest);
}

/** Each part is known by itself. */
async function openJoined(
  { name }: LayerBlob,
  digests: readonly string[],
  room: LayerRoom,
): Promise<OpenedLayer> {
  const parts: Source[] = [];
  try {
    for (const digest of digests) {
      const { source } = await openLayerBlob(blobOf(digest, room.blobs), { ...room, found: undefined });
      parts.push(source);
    }
  } catch (error) {
    for (const part of parts) part.close();
    throw error;
  }
  return { source: new JoinedSource(parts, name), parts };
}

async function openIndexed(
  blob: LayerBlob,
  encoding: IndexedEncoding,
  room: LayerRoom,
): Promise<OpenedLayer> {
  const id = `${blob.digest} unpacked by ${encoding.digest}`;
  const known = room.found ?? knownBlob(room.cacheDirectory, id);
  // another thread has found the index to be of no use
  if (known !== undefined && known.id !== id) return openLayerBlob(withoutIndex(blob, encoding), room);
  let index = known === undefined ? await loadIndex(blob, encoding, room) : undefined;
  if (index !== undefined && !(index instanceof ChunkIndex)) {
    room.report(new Error(`the chunk index of ${blob.name} is not used: ${index.ignoredBecause}`));
    return openLayerBlob(withoutIndex(blob, encoding), room);
  }
  const named = known ?? remember(blob, id, index!, room);
  const open = async () => {
    index ??= await loadIndex(blob, encoding, room);
    if (index instanceof ChunkIndex) return IndexedBlob.open(openRemote(blob, room), index, named);
    throw new LayerError('bad-index', `the chunk index of ${blob.name} was another one; mount it anew`);
  };
  const digest = named.version === 'digest' ? blob.unpackedDigest : undefined;
  return openWatched(blob, named, room, open, digest);
}

/** `digest` of all of its bytes, where nothing proves them one by one. */
function openWatched(
  blob: LayerBlob,
  known: KnownBlob,
  room: LayerRoom,
  open: (arrived?: Arrival) => Promise<RemoteBlob>,
  digest: string | undefined,
): OpenedLayer {
  if (digest === undefined || room.verified || room.offline) {
    const connect = () => open((at, bytes) => unwatched.accept(at, bytes));
    const unwatched: LazySource = openLazy(known, room, connectionOf(blob, room, connect));
    return { source: unwatched, known };
  }
  const whole = new WholeDigest(known, digest, { ...room, open });
  const source = openLazy(known, room, { connect: () => whole.connect() }, whole);
  whole.watch(source);
  return { source, known, whole };
}

async function loadIndex(
  blob: LayerBlob,
  encoding: IndexedEncoding,
  room: LayerRoom,
): Promise<ChunkIndex | IgnoredIndex> {
  const source = openStored(encoding.blob === undefined ? blob : blobOf(encoding.blob, room.blobs), room);
  try {
    return await readIndex(source, blob, encoding);
  } finally {
    source.close();
  }
}

function remember(blob: LayerBlob, id: string, index: ChunkIndex, room: LayerRoom): KnownBlob {
  const unproven: Guarantee = blob.unpackedDigest === undefined ? 'none' : 'digest';
  const guarantee = index.algorithm === undefined ? unproven : 'chunk-index';
  if (guarantee !== 'chunk-index') {
    room.report(
      new Error(`the chunk index of ${blob.name} has no checksums: what a server sends is believed`),
    );
  }
  const known = knownAs(guarantee, { id, name: blob.name, size: index.size });
  const refusal = rememberBlob(room.cacheDirectory, id, known);
  if (refusal !== undefined) room.report(refusal);
  return known;
}

const knownAs = (guarantee: Guarantee, known: Omit<KnownBlob, 'version'>): KnownBlob => ({
  ...known,
  version: guarantee,
});

function withoutIndex(blob: LayerBlob, { compressed }: IndexedEncoding): LayerBlob {
  const encoding: BlobEncoding = compressed ? { kind: 'packed', compression: 'zstd' } : { kind: 'plain' };
  return { ...blob, encoding };
}

/** Throws LayerError 'unknown-blob'. */
export function blobOf(digest: string, blobs: LayerRoom['blobs']): LayerBlob {
  const blob = blobs[digest];
  if (blob === undefined) throw unknownBlob(digest);
  return blob;
}

export function unknownBlob(digest: string): LayerError {
  return new LayerError(
    'unknown-blob',
    `the blob ${digest} is not described: give RemoteSpec.blobs, which says where it is and what it has`,
  );
}
