/** What `erofs cache gc` does. */
import { removeLeftovers, roomOfAll } from '../cache/cache-blobs.js';
import { tidyBlobs } from '../cache/cache-contents.js';
import { defaultCacheSize, findCacheDirectory } from '../cache/cache-directory.js';
import { makeRoom } from '../cache/chunk-eviction.js';
import type { CacheArguments } from './cache.js';
import { Output } from './output.js';

/** `size`: bytes that may stay. Rejects with CacheError, the system's error, OutputError. */
export async function collectGarbage(
  size: number | undefined,
  { cacheDir, json, quiet }: CacheArguments,
  output = new Output(process.stdout),
): Promise<void> {
  const blobs = findCacheDirectory(cacheDir);
  const result = { blobs_removed: 0, bytes_freed: 0, bytes_on_disk: 0 };
  if (blobs !== undefined) {
    const before = roomOfAll(blobs);
    result.blobs_removed = removeLeftovers(blobs) + (await tidyBlobs(blobs));
    const limit = size ?? defaultCacheSize(cacheDir);
    for (;;) {
      const excess = roomOfAll(blobs) - limit;
      if (excess <= 0 || (await makeRoom(blobs, excess)) <= 0) break;
      // what was evicted whole leaves its index behind
      result.blobs_removed += await tidyBlobs(blobs);
    }
    result.bytes_on_disk = roomOfAll(blobs);
    result.bytes_freed = before - result.bytes_on_disk;
  }
  const { bytes_freed, bytes_on_disk, blobs_removed } = result;
  const text = `${bytes_freed} bytes freed, ${bytes_on_disk} are in use; ${blobs_removed} blobs removed`;
  if (json) await output.line(JSON.stringify(result));
  else if (!quiet) await output.line(text);
  await output.flush();
}
