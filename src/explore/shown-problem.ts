/** What could not be read, for the page: the first of it by name, the rest as a number. */
import { describe } from '../commands/failure.js';
import { quoteName } from '../commands/quote.js';
import type { ShownProblem } from './shapes.js';

/** A damaged image may have millions. */
const SHOWN = 200;

export function shownProblem(path: Uint8Array | undefined, error: unknown): ShownProblem {
  const { code } = error as { code?: unknown };
  return {
    name: path === undefined ? null : quoteName(path),
    code: typeof code === 'string' ? code : 'internal',
    message: describe(error),
  };
}

export class ProblemList {
  readonly shown: ShownProblem[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(path: Uint8Array | undefined, error: unknown): void {
    this.#count += 1;
    if (this.shown.length < SHOWN) this.shown.push(shownProblem(path, error));
  }
}
