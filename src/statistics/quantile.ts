/** From durations in buckets to what most requests took. */

/**
 * Microseconds that a share of the requests took at most, `share` from 0 to 1; undefined where there are none. `buckets` are those of
 * counters.ts, each twice as wide as the one before: within one, requests are taken to be spread evenly.
 */
export function quantile(buckets: ArrayLike<number>, share: number): number | undefined {
  let count = 0;
  for (let bucket = 0; bucket < buckets.length; bucket++) count += buckets[bucket]!;
  if (count === 0) return undefined;
  let left = count * share;
  for (let bucket = 0; ; bucket++) {
    const here = buckets[bucket]!;
    if (left <= here && here > 0) {
      const start = bucket === 0 ? 0 : bucketEnd(bucket - 1);
      return start + ((bucketEnd(bucket) - start) * left) / here;
    }
    left -= here;
  }
}

/** The microseconds that requests of the bucket did not reach. */
export const bucketEnd = (bucket: number): number => 2 ** bucket;
