/**
 * The patience with others that fetch what is wanted here: it is looked for often at first, then ever more seldom. When for
 * too long nothing of it came, its holder is stopped, or behind a network that is, and it is time to ask oneself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { unlessAborted } from './abort.js';

/** What a read may take, and for how long others may bring nothing of it; milliseconds. */
export interface GraceOptions {
  /** 60 s */
  readonly deadline?: number | undefined;
  /** 3 s; at most half of the deadline, so that there is time left */
  readonly grace?: number | undefined;
}

export const DEFAULT_DEADLINE = 60_000;
const DEFAULT_GRACE = 3000;
/** Milliseconds between two looks: a fetch takes 5 at least, with the sync before its record. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 50;

export class Grace {
  readonly #milliseconds: number;
  #pause = FIRST_PAUSE;
  #left = Number.POSITIVE_INFINITY;
  /** on the clock of performance.now() */
  #end = Number.POSITIVE_INFINITY;

  constructor({ deadline = DEFAULT_DEADLINE, grace = DEFAULT_GRACE }: GraceOptions) {
    this.#milliseconds = Math.min(grace, deadline / 2);
  }

  get hasBegun(): boolean {
    return this.#end < Number.POSITIVE_INFINITY;
  }

  get isOver(): boolean {
    return performance.now() >= this.#end;
  }

  /** Until the next look. `left` is the number of chunks that are waited for: where it falls, all begins anew. */
  async wait(left: number, signal: AbortSignal | undefined): Promise<void> {
    if (left < this.#left) {
      this.#left = left;
      this.#pause = FIRST_PAUSE;
      this.#end = performance.now() + this.#milliseconds;
    }
    const pause = this.#pause;
    this.#pause = Math.min(LONGEST_PAUSE, pause * 1.5);
    await unlessAborted(sleep(pause), signal);
  }
}
