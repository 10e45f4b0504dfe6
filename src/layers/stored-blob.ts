/** A blob as it is kept, whatever its bytes mean: in a registry with what is here of it, or in a file. */
import { openChunkStore } from '../cache/chunk-store.js';
import { openFileSource } from '../cache/file-source.js';
import type { KnownBlob } from '../cache/known-blobs.js';
import { LazySource } from '../cache/lazy-source.js';
import type { Connection } from '../cache/other-side.js';
import type { Source } from '../cache/source.js';
import type { Arrival, RemoteBlob } from '../remote/remote-blob.js';
import { FileBlob } from './file-blob.js';
import type { LayerBlob } from './layer-blob.js';
import type { LayerRoom } from './layer-room.js';
import { SliceSource } from './slice-source.js';
import type { WholeDigest } from './whole-digest.js';

/** Its own bytes, for what is read of them here at once; under its digest, so that every registry and mirror that has it shares them. */
export function openStored(blob: LayerBlob, room: LayerRoom): Source {
  if (blob.place.kind === 'file') return openPart(blob);
  const known = { id: blob.digest, name: blob.name, size: blob.size, version: '' };
  const connect = async (): Promise<RemoteBlob> =>
    openRemote(blob, room, (at, bytes) => source.accept(at, bytes));
  const source: LazySource = openLazy(
    known,
    { ...room, observed: undefined, lazy: { ...room.lazy, staysOpen: true } },
    connectionOf(blob, room, connect),
  );
  return source;
}

/** `arrived` as in LayerRoom. Throws as a file does that cannot be opened, or the way to a registry. */
export function openRemote(blob: LayerBlob, room: LayerRoom, arrived?: Arrival): RemoteBlob {
  if (blob.place.kind === 'registry') return room.remoteOf(blob, arrived);
  const known = { id: blob.digest, name: blob.name, version: '' };
  return new FileBlob(openPart(blob), known);
}

/** undefined where the blob is behind a network that may not be asked. */
export function connectionOf(
  { place }: LayerBlob,
  { offline }: LayerRoom,
  connect: () => Promise<RemoteBlob>,
): Connection | undefined {
  return offline && place.kind === 'registry' ? undefined : { connect };
}

/** What is kept of it, and the way to the rest. */
export function openLazy(
  known: KnownBlob,
  { cacheDirectory, cacheSize, chunkSize, lazy, ring, offline, report, observed }: LayerRoom,
  connection: Connection | undefined,
  whole?: WholeDigest,
): LazySource {
  const readOnly = offline && connection === undefined;
  const store = openChunkStore(cacheDirectory, known, { chunkSize, budget: cacheSize, readOnly, report });
  return new LazySource(known, store, {
    ...lazy,
    ring,
    connection,
    completed: whole && (() => whole.completed()),
    watcher: whole,
    observed: observed && ((offset, length) => observed(known, offset, length)),
  });
}

/** Of a blob whose place is a file. Throws as that does, and LayerError 'truncated'. */
export function openPart({ name, size, place }: LayerBlob): Source {
  if (place.kind !== 'file') throw new TypeError(`${name} lies in a registry`);
  const file = openFileSource(place.path);
  try {
    return new SliceSource(file, place.offset, size, name);
  } catch (error) {
    file.close();
    throw error;
  }
}
