/** An image behind a gate: what was let through once is kept in chunks beside it, for every thread of its server. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { openChunkStore } from '../../src/cache/chunk-store.js';
import { LazySource } from '../../src/cache/lazy-source.js';
import { type OpenedImage, openSources, type ProblemReport } from '../../src/open.js';
import type { RemoteBlob } from '../../src/remote/remote-blob.js';

const CHUNK = 4096;
const BUDGET = 64 << 20;

/** Without `blob`, from what is kept alone. */
export async function openKept(
  path: string,
  blob: RemoteBlob | undefined,
  report: ProblemReport,
): Promise<OpenedImage> {
  const { size } = statSync(path);
  const identity = { id: 'gated 1', name: path, size };
  const readOnly = blob === undefined;
  const store = openChunkStore(dirname(path), identity, {
    chunkSize: CHUNK,
    budget: BUDGET,
    readOnly,
    report,
  });
  const connection = blob === undefined ? {} : { connection: { blob } };
  const source = new LazySource(identity, store, {
    ...connection,
    readahead: 0,
    mergeGap: 0,
  });
  try {
    const opened = await openSources([source], {}, report);
    // so that the pumps find what opening takes
    await source.flush();
    return opened;
  } catch (error) {
    source.close();
    throw error;
  }
}
