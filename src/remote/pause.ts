/** Waiting between tries: a random part of a bound that doubles, so that many readers do not come back at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FetchFailure } from './fetch-failure.js';
import type { HttpLimits } from './http-options.js';

/** After the `tries`th failure in a row, counted from 0. Rejects with the signal's reason. */
export async function pauseAfter(
  tries: number,
  failure: FetchFailure | undefined,
  limits: HttpLimits,
  signal: AbortSignal,
): Promise<void> {
  const bound = Math.min(limits.longestPause, limits.pause * 2 ** Math.min(tries, 30));
  const asked = Math.min(failure?.retryAfter ?? 0, limits.longestRetryAfter);
  try {
    await sleep(Math.max(Math.random() * bound, asked), undefined, { signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}
