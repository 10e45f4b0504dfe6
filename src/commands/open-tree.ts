/** What a command needs of an opened image; OpenedImage is one, and so is any tree in memory. */
import type { ReadonlyTree } from '../tree/tree.js';

export interface OpenTree {
  readonly tree: ReadonlyTree;
  /**
   * Runs calls on `tree`, again after a fetch where bytes were missing: `operation` must be repeatable.
   * Gives a promise only where something had to be waited for.
   */
  run<T>(operation: () => T): T | Promise<T>;
}
