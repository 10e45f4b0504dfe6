/** The names of one directory, a batch at a time, so that a directory of millions is never held whole. */
import type { DirEntry, NodeId } from '../tree/tree.js';
import { FileType, isSelfOrParent } from '../tree/tree.js';
import type { OpenTree } from './open-tree.js';

/** Names held at a time. */
const BATCH_SIZE = 512;

/** One name of a directory. */
export interface Name {
  readonly name: Uint8Array;
  readonly node: NodeId;
  /** what the directory says; the inode's mode has the last word */
  readonly type: FileType;
}

export interface Batch {
  readonly names: readonly Name[];
  /** give this to the next call; undefined at the end */
  readonly next: number | undefined;
}

/** Up to 512 names after `cookie` (0: from the start), in the order of the image, without "." and "..". */
export async function namesAfter(open: OpenTree, directory: NodeId, cookie: number): Promise<Batch> {
  return open.run(() => {
    const names: Name[] = [];
    let last = cookie;
    let full = false;
    const collect = (entry: DirEntry): boolean => {
      full = names.length === BATCH_SIZE;
      if (full) return false;
      if (!isDirectoryItself(entry)) {
        names.push({ name: Uint8Array.from(entry.name), node: entry.node, type: entry.type });
      }
      last = entry.cookie;
      return true;
    };
    try {
      open.tree.readdir(directory, cookie, collect);
    } catch (thrown) {
      // The next call meets the same again, at its start: what came before it is not lost.
      if (last === cookie) throw thrown;
      full = true;
    }
    return { names, next: full ? last : undefined };
  });
}

/** A "." or ".." that is no directory is none of the two, and is left to whoever reads the names. */
function isDirectoryItself({ name, type }: DirEntry): boolean {
  return (type === FileType.directory || type === FileType.unknown) && isSelfOrParent(name);
}
