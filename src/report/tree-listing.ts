/**
 * A directory and all below it as a tree of lines, each name beside the branch that it hangs on.
 *
 * LAW of this room: it looks at images and tells what it found; it changes nothing, and what cannot be read is a problem that
 * the rest goes on after.
 */
import { escapeBytes } from '../commands/escape.js';
import { isDirectory, isSymlink, typeName } from '../commands/mode-string.js';
import { type Batch, type Name, namesAfter } from '../commands/names.js';
import type { OpenTree } from '../commands/open-tree.js';
import type { Problems } from '../commands/problems.js';
import { type Entry, joinPath, refuseDirectory } from '../commands/walk.js';
import type { Attr, NodeId } from '../tree/tree.js';

/** One line: a name, and how the branches before it are drawn. */
export interface TreeLine extends Entry {
  readonly depth: number;
  /** the branches of the directories above and of the name itself, such as "│   └── "; empty for the start */
  readonly branch: string;
  /** of symbolic links; undefined where it could not be read */
  readonly target?: Uint8Array | undefined;
}

export interface TreeCounts {
  /** without the one that the listing begins at */
  directories: number;
  /** all that is no directory */
  files: number;
  /** bytes of regular files and symbolic links, each name counted */
  bytes: number;
}

/** The form of --json: one a name. */
export function treeLineObject({ path, depth, attr, target }: TreeLine): object {
  return {
    path: escapeBytes(path),
    type: typeName(attr.mode),
    depth,
    size: attr.size,
    ...(target !== undefined && { target: escapeBytes(target) }),
  };
}

/**
 * Gives `start` and all below it to `take`, down to `limit` levels below it. Paths are relative to `start` as those of walk(),
 * under its own path. Rejects only with what `take` throws.
 */
export async function listTree(
  open: OpenTree,
  start: Entry,
  limit: number,
  problems: Problems,
  take: (line: TreeLine) => void | Promise<void> | undefined,
): Promise<TreeCounts> {
  const lister = new TreeLister(open, limit, problems, take);
  await lister.show(start, '', '', 0);
  return lister.counts;
}

class TreeLister {
  readonly counts: TreeCounts = { directories: 0, files: 0, bytes: 0 };
  readonly #open: OpenTree;
  readonly #limit: number;
  readonly #problems: Problems;
  readonly #take: (line: TreeLine) => void | Promise<void> | undefined;
  readonly #met = new Set<NodeId>();

  constructor(
    open: OpenTree,
    limit: number,
    problems: Problems,
    take: (line: TreeLine) => void | Promise<void> | undefined,
  ) {
    this.#open = open;
    this.#limit = limit;
    this.#problems = problems;
    this.#take = take;
  }

  /** `margin` stands before the branches of what is below. */
  async show(entry: Entry, branch: string, margin: string, depth: number): Promise<void> {
    const { mode, size } = entry.attr;
    if (!isDirectory(mode)) {
      this.counts.files++;
      this.counts.bytes += size;
      const target = isSymlink(mode) ? await this.#target(entry) : undefined;
      await this.#take({ ...entry, depth, branch, target });
      return;
    }
    if (depth > 0) this.counts.directories++;
    await this.#take({ ...entry, depth, branch });
    if (depth >= this.#limit) return;
    const refused = refuseDirectory(this.#met, entry.node, depth);
    if (refused !== undefined) this.#problems.at(entry.path, refused);
    else await this.#content(entry, margin, depth + 1);
  }

  /** A name is shown when the next one is known, for the last is drawn in another way. */
  async #content(directory: Entry, margin: string, depth: number): Promise<void> {
    let waiting: Name | undefined;
    for (let cookie: number | undefined = 0; cookie !== undefined; ) {
      let batch: Batch;
      try {
        batch = await namesAfter(this.#open, directory.node, cookie);
      } catch (error) {
        this.#problems.at(directory.path, error);
        break;
      }
      for (const name of batch.names) {
        if (waiting !== undefined)
          await this.#name(directory, waiting, `${margin}├── `, `${margin}│   `, depth);
        waiting = name;
      }
      cookie = batch.next;
    }
    if (waiting !== undefined) await this.#name(directory, waiting, `${margin}└── `, `${margin}    `, depth);
  }

  async #name({ path: parent }: Entry, { name, node }: Name, branch: string, margin: string, depth: number) {
    const path = joinPath(parent, name);
    let attr: Attr;
    try {
      attr = await this.#open.run(() => this.#open.tree.getattr(node));
    } catch (error) {
      this.#problems.at(path, error);
      return;
    }
    await this.show({ path, name, node, attr }, branch, margin, depth);
  }

  async #target({ node, path }: Entry): Promise<Uint8Array | undefined> {
    try {
      return await this.#open.run(() => this.#open.tree.readlink(node));
    } catch (error) {
      this.#problems.at(path, error);
      return undefined;
    }
  }
}
