/** Long work gives the processor back now and then, so that whoever asks meanwhile is answered. */
import { setImmediate as turn } from 'node:timers/promises';

/** Milliseconds at a time: what is asked for meanwhile waits for no longer. */
const LENGTH = 10;
/** Steps between two looks at the clock; one is some microseconds. */
const STEPS = 32;

export class Turns {
  #began = performance.now();
  #steps = 0;

  /** To be called, and awaited where it gives something, after each step. */
  step(): Promise<void> | undefined {
    if (++this.#steps % STEPS !== 0 || performance.now() - this.#began < LENGTH) return undefined;
    return this.#give();
  }

  async #give(): Promise<void> {
    await turn();
    this.#began = performance.now();
  }
}
