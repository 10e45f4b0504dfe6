/**
 * Runs an operation of the reader until nothing is missing.
 *
 * LAW: an operation is idempotent; every retry finds the last Miss filled; more than MAX_ROUNDS is a bug of the
 * reader (it asks for bytes one by one, or for the same ones again) and ends in an error, not in a loop.
 */
import { isMiss, type Miss } from '../erofs-reader/bytes.js';

/** What the driver needs of a cache. */
export interface Fillable {
  fill(miss: Miss): Promise<void>;
  unpin(): void;
}

const MAX_ROUNDS = 64;

/** Returns T itself, with no promise, whenever nothing was missing. */
export function drive<T>(operation: () => T, bytes: Fillable): T | Promise<T> {
  try {
    return operation();
  } catch (thrown) {
    if (!isMiss(thrown)) throw thrown;
    return driveOn(operation, bytes, thrown);
  }
}

async function driveOn<T>(operation: () => T, bytes: Fillable, first: Miss): Promise<T> {
  let miss = first;
  try {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      await bytes.fill(miss);
      try {
        return operation();
      } catch (thrown) {
        if (!isMiss(thrown)) throw thrown;
        miss = thrown;
      }
    }
  } finally {
    bytes.unpin();
  }
  throw Object.assign(new Error(`the reader still missed bytes after ${MAX_ROUNDS} rounds`), { code: 'io' });
}
