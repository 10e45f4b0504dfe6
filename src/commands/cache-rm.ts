/** What `erofs cache rm` does. */
import { removeBlob } from '../cache/chunk-files.js';
import { forgetBlobs } from '../cache/known-blobs.js';
import type { CacheArguments } from './cache.js';
import { chosenBlobs } from './cache-choice.js';
import { UsageError } from './failure.js';
import { byteString, Output } from './output.js';
import { quoteName } from './quote.js';

/** Removes nothing where a word means nothing. Rejects with UsageError, NotKeptError, CacheError, the system's error, OutputError. */
export async function removeBlobs(
  words: readonly string[],
  all: boolean,
  { cacheDir, json, quiet }: CacheArguments,
  output = new Output(process.stdout),
): Promise<void> {
  if (all === words.length > 0) throw new UsageError('name the blobs to remove, or give --all');
  const chosen = chosenBlobs(cacheDir, words);
  for (const { folder } of chosen) removeBlob(folder);
  forgetBlobs(cacheDir, new Set(chosen.map(({ key }) => key)));
  const freed = chosen.reduce((sum, { room }) => sum + room, 0);
  if (json) {
    const removed = chosen.map(({ key, name }) => ({ key, name }));
    await output.line(byteString(JSON.stringify({ removed, bytes_freed: freed })));
  } else if (!quiet) {
    for (const { name, room } of chosen) {
      await output.line(byteString(`removed ${quoteName(Buffer.from(name))}, ${room} bytes`));
    }
  }
  await output.flush();
}
