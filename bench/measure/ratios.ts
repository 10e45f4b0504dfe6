/** How many times better one subject is than another, taken within each round, so that a slow minute hits both. */
import { isMoreBetter, type Series } from './series.js';
import { type Spread, spread } from './statistics.js';

/** Above 1: `own` is better. undefined where no round has both, or where they are of different things. */
export function ratio(own: Series, rival: Series): Spread | undefined {
  if (own.unit !== rival.unit) return undefined;
  const ratios: number[] = [];
  for (const [round, value] of own.values.entries()) {
    const other = rival.values[round];
    if (value === null || other === null || other === undefined) continue;
    const times = isMoreBetter(own.unit) ? value / other : other / value;
    // 0 / 0, and what a subject did for nothing
    if (Number.isFinite(times)) ratios.push(times);
  }
  return ratios.length === 0 ? undefined : spread(ratios);
}
