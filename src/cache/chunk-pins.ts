/** Chunks that running requests of this thread need, by the folder of their blob: they are not evicted from here. */
import { REGION_CHUNKS } from './chunk-index.js';

/** By folder, then by chunk: how many requests need it. */
const pinned = new Map<string, Map<number, number>>();

export function pinChunk(folder: string, chunk: number): void {
  const chunks = pinned.get(folder) ?? new Map<number, number>();
  chunks.set(chunk, (chunks.get(chunk) ?? 0) + 1);
  pinned.set(folder, chunks);
}

export function unpinChunk(folder: string, chunk: number): void {
  const chunks = pinned.get(folder);
  const count = chunks?.get(chunk);
  if (chunks === undefined || count === undefined) return;
  if (count > 1) chunks.set(chunk, count - 1);
  else chunks.delete(chunk);
  if (chunks.size === 0) pinned.delete(folder);
}

/** Regions of a blob with a pinned chunk. */
export function pinnedRegions(folder: string): Set<number> {
  const chunks = pinned.get(folder)?.keys() ?? [];
  return new Set(Array.from(chunks, (chunk) => Math.floor(chunk / REGION_CHUNKS)));
}
