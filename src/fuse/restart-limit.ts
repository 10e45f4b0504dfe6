/** How often a thread that dies may be started again: what dies at once each time would be started for ever. */

/** Deaths, and the milliseconds in which they are too many. */
const MOST = 5;
const WINDOW_MS = 10_000;

export class RestartLimit {
  /** milliseconds of a clock that only goes on, the oldest first */
  readonly #deaths: number[] = [];

  /** Notes a death; returns how many there were within ten seconds. */
  note(now = performance.now()): number {
    this.#deaths.push(now);
    while (now - this.#deaths[0]! > WINDOW_MS) this.#deaths.shift();
    return this.#deaths.length;
  }

  static readonly MOST = MOST;
}
