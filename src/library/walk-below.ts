/** A directory tree as an iterator: the caller asks for each node, and may stop at any. */
import { isDirectory } from '../commands/mode-string.js';
import { type Batch, namesAfter } from '../commands/names.js';
import type { OpenTree } from '../commands/open-tree.js';
import { type Entry, joinPath, refuseDirectory, startAt } from '../commands/walk.js';
import type { NodeId } from '../tree/tree.js';
import type { WalkEntry, WalkOptions } from './image.js';
import { LibraryError } from './library-error.js';
import type { NameReader } from './names.js';
import { statsOf } from './stats.js';

/** A directory that is being walked, and what of it has not been given yet. */
interface Level {
  readonly directory: Entry;
  batch: Batch;
  /** of batch.names */
  next: number;
}

const NOTHING_READ: Batch = { names: [], next: 0 };

/** `start` finds where it begins, when the first node is asked for. */
export async function* walkBelow<Name>(
  open: OpenTree,
  start: () => Promise<NodeId>,
  nameOf: NameReader<Name>,
  { problem }: WalkOptions<Name>,
): AsyncGenerator<WalkEntry<Name>, void, undefined> {
  const met = new Set<NodeId>();
  const levels: Level[] = [];
  const refuse = (path: Uint8Array, error: unknown): void => {
    // a closed image has nothing to go on with
    if (problem === undefined || error instanceof LibraryError) throw error;
    problem(nameOf(path), error as Error);
  };
  const enter = (entry: Entry): void => {
    if (!isDirectory(entry.attr.mode)) return;
    const refused = refuseDirectory(met, entry.node, levels.length);
    if (refused !== undefined) refuse(entry.path, refused);
    else levels.push({ directory: entry, batch: NOTHING_READ, next: 0 });
  };
  const first = await startAt(open, await start());
  yield { path: nameOf(first.path), stats: statsOf(first.attr) };
  enter(first);
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const { directory, batch } = level;
    const found = batch.names[level.next++];
    if (found === undefined) {
      try {
        if (batch.next === undefined) levels.pop();
        else await readOn(open, level, batch.next);
      } catch (error) {
        levels.pop();
        refuse(directory.path, error);
      }
      continue;
    }
    const { name, node } = found;
    const path = joinPath(directory.path, name);
    let entry: Entry;
    try {
      entry = { path, name, node, attr: await open.run(() => open.tree.getattr(node)) };
    } catch (error) {
      refuse(path, error);
      continue;
    }
    yield { path: nameOf(path), stats: statsOf(entry.attr) };
    enter(entry);
  }
}

async function readOn(open: OpenTree, level: Level, cookie: number): Promise<void> {
  level.batch = await namesAfter(open, level.directory.node, cookie);
  level.next = 0;
}
