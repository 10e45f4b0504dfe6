/**
 * Finds what does not go on: pumps with a request that has no answer after so long.
 *
 * LAW: time is counted in looks, not by a clock: a process or machine that slept has missed nothing.
 */

/** Something whose `turn` is another number whenever it has gone on; only while it is busy it can hang. */
export interface Watched {
  readonly turn: number;
  readonly isBusy: boolean;
}

const LOOKS = 6;
const LONGEST_MS = 5_000;

/** Milliseconds between two looks where something may take `limit` milliseconds. */
export function lookInterval(limit: number): number {
  return Math.min(LONGEST_MS, Math.max(1, limit / LOOKS));
}

export class Watchdog<T extends { readonly progress: Watched }> {
  /** looks without a change that are too many */
  readonly #most: number;
  readonly #seen = new Map<T, { turn: number; looks: number }>();

  constructor(limit: number) {
    this.#most = Math.ceil(limit / lookInterval(limit));
  }

  /** Those of `all` that have been busy with the same for too long. */
  look(all: Iterable<T>): T[] {
    const hung: T[] = [];
    const before = new Map(this.#seen);
    this.#seen.clear();
    for (const one of all) {
      const { turn, isBusy } = one.progress;
      if (!isBusy) continue;
      const last = before.get(one);
      const looks = last?.turn === turn ? last.looks + 1 : 0;
      this.#seen.set(one, { turn, looks });
      if (looks >= this.#most) hung.push(one);
    }
    return hung;
  }
}
