/** Waiting for what must come: polls, and says after its limit what it still saw. Nothing is asserted about speed. */
import { setTimeout as sleep } from 'node:timers/promises';

const limitSeconds = 20;
const pollMilliseconds = 25;

/** What `left` still gives: nothing as soon as it is empty, the rest after the limit. */
export async function untilEmpty<T>(left: () => readonly T[], seconds = limitSeconds): Promise<readonly T[]> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const rest = left();
    if (rest.length === 0 || Date.now() > deadline) return rest;
    await sleep(pollMilliseconds);
  }
}

/** True once `condition` holds, false where it did not within the limit. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  seconds = limitSeconds,
): Promise<boolean> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) return false;
    await sleep(pollMilliseconds);
  }
  return true;
}
