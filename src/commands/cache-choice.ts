/** Which blobs of the cache a command is about. */
import { type KeptBlob, keptBlobs } from '../cache/cache-contents.js';
import { findCacheDirectory } from '../cache/cache-directory.js';

/** Nothing is kept under a name that was given. */
export class NotKeptError extends Error {
  override readonly name = 'NotKeptError';
  readonly code = 'not-kept';
}

/** Digits of a key below which it might be a name by chance. */
const SHORTEST_KEY = 4;

/**
 * Blobs by name, of which there may be several versions, or by a key's first digits; all of them for no words.
 * Throws NotKeptError for a word that means none, CacheError, the system's error.
 */
export function chosenBlobs(directory: string, words: readonly string[]): KeptBlob[] {
  const blobs = findCacheDirectory(directory);
  const kept = blobs === undefined ? [] : keptBlobs(blobs);
  if (words.length === 0) return kept;
  const chosen = words.map((word) => {
    const meant = kept.filter(({ name, key }) => name === word || isKey(word, key));
    if (meant.length > 0) return meant;
    throw new NotKeptError(`nothing is kept of ${word} in ${directory}; erofs cache ls lists what is`);
  });
  return [...new Set(chosen.flat())];
}

function isKey(word: string, key: string): boolean {
  return word.length >= SHORTEST_KEY && key.startsWith(word);
}
