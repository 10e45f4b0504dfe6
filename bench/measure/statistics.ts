/** The numbers that stand for many. Every function throws RangeError where there is no value at all. */

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

const ascending = (values: readonly number[]): number[] => {
  if (values.length === 0) throw new RangeError('no values');
  return values.toSorted((a, b) => a - b);
};

/** Of an even number of values, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function spread(values: readonly number[]): Spread {
  const sorted = ascending(values);
  return { median: median(values), min: sorted[0]!, max: sorted.at(-1)! };
}

/** The smallest value that `share` (above 0, 1 at most) of all values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = ascending(values);
  return sorted[Math.ceil(share * sorted.length) - 1]!;
}
