/** What `erofs cache ls` prints. */
import type { KeptBlob } from '../cache/cache-contents.js';
import type { CacheArguments } from './cache.js';
import { chosenBlobs } from './cache-choice.js';
import { byteString, Output } from './output.js';
import { quoteName } from './quote.js';
import { timeToSeconds } from './time-string.js';

/** Digits of a key that tell one blob from another. */
const KEY_DIGITS = 12;

/** Rejects with CacheError, the system's error, OutputError. */
export async function listCache({ cacheDir, json }: CacheArguments, output = new Output(process.stdout)) {
  for (const blob of chosenBlobs(cacheDir, [])) {
    const line = json ? JSON.stringify(blobJson(blob)) : blobLine(blob);
    await output.line(byteString(line));
  }
  await output.flush();
}

export function blobJson(blob: KeptBlob) {
  return {
    key: blob.key,
    name: blob.name,
    size: blob.size,
    chunk_size: blob.chunkSize,
    chunks: blob.chunks,
    chunks_kept: blob.chunksKept,
    bytes_on_disk: blob.room,
    last_use: blob.lastUse,
  };
}

/** The share is rounded down: 100 % means that all of it is here. */
function blobLine({ key, name, size, chunks, chunksKept, room, lastUse }: KeptBlob): string {
  const share = `${chunks === 0 ? 100 : Math.floor((chunksKept / chunks) * 100)}%`;
  const columns = [`${room}`.padStart(12), share.padStart(4), `of ${size}`.padStart(16)];
  return `${columns.join(' ')} ${timeToSeconds(lastUse)} ${key.slice(0, KEY_DIGITS)} ${quoteName(Buffer.from(name))}`;
}
