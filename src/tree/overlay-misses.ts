/**
 * What several layers miss, as one Miss: a look into hundreds of layers behind a network costs as many rounds as a look
 * into one.
 */
import { isMiss, type Miss, type MissedRange } from '../erofs-reader/bytes.js';

export class Misses {
  readonly #ranges: MissedRange[] = [];

  /** Throws `thrown` where it is no Miss. */
  add(thrown: unknown): void {
    if (!isMiss(thrown)) throw thrown;
    for (const range of thrown.ranges) this.#ranges.push(range);
  }

  /** Looks where the operation may look next. What is wrong there is met by the operation itself, if it gets there. */
  look(where: () => unknown): void {
    try {
      where();
    } catch (thrown) {
      if (isMiss(thrown)) this.add(thrown);
    }
  }

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  /** Throws one Miss for all that was missed. */
  raise(): never {
    throw { miss: true, ranges: this.#ranges } satisfies Miss;
  }
}
