/**
 * Runs an operation of the reader until nothing is missing.
 *
 * LAW: an operation is idempotent; every retry finds the last Miss filled; more than MAX_ROUNDS is a bug of the
 * reader (it asks for bytes one by one, or for the same ones again) and ends in an error, not in a loop.
 */
import { isMiss, type Miss } from '../erofs-reader/bytes.js';
import { counters } from '../statistics/counters.js';

/** What one operation holds of caches until it ends. */
export class Pins {
  /** blocks, by key */
  readonly blocks: number[] = [];
  /** lets go of what sources hold */
  readonly held: (() => void)[] = [];
}

/** What the driver needs of a cache. */
export interface Fillable {
  /** Fetches what a Miss lists and adds it to `pins`. */
  fill(miss: Miss, pins: Pins, signal: AbortSignal | undefined): Promise<void>;
  unpin(pins: Pins): void;
}

const MAX_ROUNDS = 64;

/**
 * Returns T itself, with no promise, whenever nothing was missing. With a signal, a run that waits rejects with its reason, and
 * what nobody else waits for is no longer fetched.
 */
export function drive<T>(operation: () => T, bytes: Fillable, signal?: AbortSignal): T | Promise<T> {
  try {
    return operation();
  } catch (thrown) {
    if (!isMiss(thrown)) throw thrown;
    return driveOn(operation, bytes, thrown, signal);
  }
}

async function driveOn<T>(
  operation: () => T,
  bytes: Fillable,
  first: Miss,
  signal: AbortSignal | undefined,
): Promise<T> {
  let miss = first;
  const pins = new Pins();
  try {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      signal?.throwIfAborted();
      await bytes.fill(miss, pins, signal);
      counters.isRepeating = true;
      try {
        return operation();
      } catch (thrown) {
        if (!isMiss(thrown)) throw thrown;
        miss = thrown;
      } finally {
        counters.isRepeating = false;
      }
    }
  } finally {
    bytes.unpin(pins);
  }
  throw Object.assign(new Error(`the reader still missed bytes after ${MAX_ROUNDS} rounds`), { code: 'io' });
}
