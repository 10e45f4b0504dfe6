/**
 * Directory trees in depth-first order: each directory before its content, names in the order of the image
 * (EROFS sorts them by bytes). Holds one batch of names a level and the ids of the directories met.
 */
import type { Attr, NodeId } from '../tree/tree.js';
import { isDirectory } from './mode-string.js';
import { type Batch, type Name, namesAfter } from './names.js';
import type { OpenTree } from './open-tree.js';

/** Deepest level entered: a path of PATH_MAX (4096) bytes cannot have more components. */
export const DEPTH_LIMIT = 2048;

/** A node on its path. */
export interface Entry {
  /** components joined by "/", relative to where the walk began, which is itself "." */
  readonly path: Uint8Array;
  /** the last component */
  readonly name: Uint8Array;
  readonly node: NodeId;
  readonly attr: Attr;
}

export interface Visitor {
  /** Directories are entered only where this gives true. */
  entry(entry: Entry): boolean | Promise<boolean>;
  /** After all that is below a directory that was entered. */
  leave?(directory: Entry): void | Promise<void>;
  /** `path` could not be read, or not wholly; the rest goes on. */
  problem(path: Uint8Array, error: Error): void;
}

export class WalkError extends Error {
  override readonly name = 'WalkError';
  readonly code: 'directory-loop' | 'too-deep';

  constructor(code: WalkError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const SELF = Uint8Array.of(0x2e);

/** The entry that a walk begins at. Rejects with what getattr() throws. */
export async function startAt(open: OpenTree, node: NodeId): Promise<Entry> {
  return { path: SELF, name: SELF, node, attr: await open.run(() => open.tree.getattr(node)) };
}

/** Visits `start` and all that is below it. Rejects only with what the visitor throws. */
export async function walk(open: OpenTree, start: Entry, visitor: Visitor): Promise<void> {
  await new Walk(open, visitor).visit(start, 0);
}

class Walk {
  readonly #open: OpenTree;
  readonly #visitor: Visitor;
  /** every directory met, because a legal image has each in one place only */
  readonly #met = new Set<NodeId>();

  constructor(open: OpenTree, visitor: Visitor) {
    this.#open = open;
    this.#visitor = visitor;
  }

  async visit(entry: Entry, depth: number): Promise<void> {
    if (!isDirectory(entry.attr.mode)) {
      await this.#visitor.entry(entry);
      return;
    }
    const refused = refuseDirectory(this.#met, entry.node, depth);
    if (refused !== undefined) {
      this.#visitor.problem(entry.path, refused);
    } else if (await this.#visitor.entry(entry)) {
      await this.#visitContent(entry, depth);
      await this.#visitor.leave?.(entry);
    }
  }

  /** Awaits a batch before it goes deeper, which unwinds the stack: depth costs memory, not stack. */
  async #visitContent(directory: Entry, depth: number): Promise<void> {
    for (let cookie: number | undefined = 0; cookie !== undefined; ) {
      let batch: Batch;
      try {
        batch = await namesAfter(this.#open, directory.node, cookie);
      } catch (error) {
        this.#visitor.problem(directory.path, error as Error);
        return;
      }
      for (const name of batch.names) await this.#visitName(directory, name, depth + 1);
      cookie = batch.next;
    }
  }

  async #visitName({ path: parent }: Entry, { name, node }: Name, depth: number): Promise<void> {
    const path = joinPath(parent, name);
    let attr: Attr;
    try {
      attr = await this.#open.run(() => this.#open.tree.getattr(node));
    } catch (error) {
      this.#visitor.problem(path, error as Error);
      return;
    }
    await this.visit({ path, name, node, attr }, depth);
  }
}

/** Adds a directory to those that were met, or gives the reason why it must not be entered. */
export function refuseDirectory(met: Set<NodeId>, node: NodeId, depth: number): WalkError | undefined {
  if (met.has(node)) {
    return new WalkError('directory-loop', 'the image has this directory in two places; it was met before');
  }
  if (depth > DEPTH_LIMIT) {
    return new WalkError('too-deep', `directories are nested deeper than ${DEPTH_LIMIT} levels`);
  }
  met.add(node);
  return undefined;
}

/** `name` in the directory `parent`; "." is left out, since it is where the walk began. */
export function joinPath(parent: Uint8Array, name: Uint8Array): Uint8Array {
  if (parent.length === 1 && parent[0] === 0x2e) return name;
  const start = parent.at(-1) === 0x2f ? parent.length : parent.length + 1;
  const path = new Uint8Array(start + name.length).fill(0x2f);
  path.set(parent);
  path.set(name, start);
  return path;
}
