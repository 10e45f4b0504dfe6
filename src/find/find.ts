/** A walk that gives what all predicates hold of. */
import { isDirectory } from '../commands/mode-string.js';
import type { OpenTree } from '../commands/open-tree.js';
import type { Problems } from '../commands/problems.js';
import { type Entry, joinPath, walk } from '../commands/walk.js';
import type { Predicate } from './predicates.js';

export interface FindRange {
  /** levels below the start; the start itself is level 0 */
  readonly mindepth: number;
  readonly maxdepth: number;
}

/**
 * `shown` is the path of `start` as it is printed. Gives each entry with its printed path to `found`; what cannot be read goes to
 * `problems`. Rejects only with what `found` throws.
 */
export async function find(
  open: OpenTree,
  start: Entry,
  shown: Uint8Array,
  { mindepth, maxdepth }: FindRange,
  predicates: readonly Predicate[],
  problems: Problems,
  found: (entry: Entry, path: Uint8Array) => void | Promise<void> | undefined,
): Promise<void> {
  let depth = 0;
  await walk(open, start, {
    async entry(entry) {
      const path = entry === start ? shown : joinPath(shown, entry.path);
      if (depth >= mindepth && (await holds(entry, path))) await found(entry, path);
      if (!isDirectory(entry.attr.mode) || depth >= maxdepth) return false;
      depth++;
      return true;
    },
    leave() {
      depth--;
    },
    problem: (path, error) => problems.at(joinPath(shown, path), error),
  });

  async function holds(entry: Entry, path: Uint8Array): Promise<boolean> {
    try {
      for (const predicate of predicates) if (!(await predicate(entry, path))) return false;
      return true;
    } catch (error) {
      problems.at(path, error);
      return false;
    }
  }
}
