/** What a cache directory keeps of a blob that a fault server has, held against the blob itself. */
import { readdirSync } from 'node:fs';
import { openChunkStore } from '../../src/cache/chunk-store.js';
import { knownBlob } from '../../src/cache/known-blobs.js';
import { identifyingName, parseBlobUrl } from '../../src/remote/blob-url.js';
import { CHUNK_SIZE } from './remote-images.js';

export interface Durable {
  /** chunks that are here, ascending */
  readonly chunks: readonly number[];
  /** those of them that are not what the blob has */
  readonly wrong: readonly number[];
}

/** Opens the store as another process does. Throws where the cache has blobs and does not know this one. */
export function durable(cache: string, url: string, blob: Uint8Array): Durable {
  const known = knownBlob(cache, identifyingName(parseBlobUrl(url)));
  if (known === undefined) {
    if (readdirSync(cache).length > 0) throw new Error(`${cache} keeps something, and nothing of ${url}`);
    return { chunks: [], wrong: [] };
  }
  const options = { chunkSize: CHUNK_SIZE, budget: Number.MAX_SAFE_INTEGER, readOnly: true };
  const store = openChunkStore(cache, known, options);
  try {
    const chunks: number[] = [];
    const wrong: number[] = [];
    for (let offset = 0; offset < blob.length; offset += CHUNK_SIZE) {
      const expected = blob.subarray(offset, offset + CHUNK_SIZE);
      if (!store.has(offset, expected.length)) continue;
      const bytes = new Uint8Array(expected.length);
      // one that is found to be damaged is absent
      if (!store.readSync(bytes, offset)) continue;
      chunks.push(offset / CHUNK_SIZE);
      if (Buffer.compare(bytes, expected) !== 0) wrong.push(offset / CHUNK_SIZE);
    }
    return { chunks, wrong };
  } finally {
    store.close();
  }
}
