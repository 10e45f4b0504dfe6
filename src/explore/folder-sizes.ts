/**
 * What every folder of an image takes, counted in one walk behind all questions: sums grow while it goes on, and can be asked for at any
 * time. It begins when somebody asks.
 */
import { isDirectory } from '../commands/mode-string.js';
import { type Entry, startAt, walk } from '../commands/walk.js';
import type { OpenedImage } from '../open.js';
import { UsageCounter } from '../report/usage.js';
import type { NodeId } from '../tree/tree.js';
import { ProblemList } from './shown-problem.js';
import { Turns } from './turns.js';

/** Bytes, of what was counted up to now. */
export interface FolderSize {
  stored: number;
  plain: number;
  /** names, its own included */
  names: number;
}

export class FolderSizes {
  readonly problems = new ProblemList();
  readonly #opened: OpenedImage;
  readonly #signal: AbortSignal;
  readonly #folders = new Map<NodeId, FolderSize>();
  /** stored bytes of what is no folder */
  readonly #files = new Map<NodeId, number>();
  /** of files with several names, the folder in which they count */
  readonly #homes = new Map<NodeId, NodeId>();
  #walk: Promise<void> | undefined;
  #isComplete = false;
  #names = 0;

  /** `signal` ends the walk. */
  constructor(opened: OpenedImage, signal: AbortSignal) {
    this.#opened = opened;
    this.#signal = signal;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Names that were counted. */
  get names(): number {
    return this.#names;
  }

  /** Settles when all is counted, or the signal ended it; never rejects. */
  count(): Promise<void> {
    this.#walk ??= this.#count();
    return this.#walk;
  }

  /** Settles when nothing is being counted. */
  async settled(): Promise<void> {
    await this.#walk;
  }

  /** undefined for what is no folder, or was not met yet. */
  folder(node: NodeId): FolderSize | undefined {
    return this.#folders.get(node);
  }

  /** Stored bytes that a file adds to `folder`: nothing where it counts in another. undefined for what was not met yet. */
  file(node: NodeId, folder: NodeId): number | undefined {
    const stored = this.#files.get(node);
    return stored === undefined || this.countsIn(node, folder) ? stored : 0;
  }

  countsIn(node: NodeId, folder: NodeId): boolean {
    return (this.#homes.get(node) ?? folder) === folder;
  }

  async #count(): Promise<void> {
    const opened = this.#opened;
    const counter = new UsageCounter(opened);
    const turns = new Turns();
    const above: { readonly node: NodeId; readonly size: FolderSize }[] = [];
    const add = async (entry: Entry) => {
      this.#signal.throwIfAborted();
      const { node, attr } = entry;
      if (isDirectory(attr.mode)) {
        const size = { stored: 0, plain: 0, names: 0 };
        this.#folders.set(node, size);
        above.push({ node, size });
      }
      const { stored, plain } = await this.#usage(counter, entry);
      if (!isDirectory(attr.mode) && !this.#files.has(node)) {
        this.#files.set(node, stored);
        if (attr.nlink > 1) this.#homes.set(node, above.at(-1)?.node ?? node);
      }
      for (const { size } of above) {
        size.stored += stored;
        size.plain += plain;
        size.names += 1;
      }
      this.#names += 1;
      await turns.step();
      return true;
    };
    try {
      await walk(opened, await startAt(opened, opened.tree.root), {
        entry: add,
        leave: () => void above.pop(),
        problem: (path, error) => this.problems.add(path, error),
      });
    } catch (error) {
      if (!this.#signal.aborted) this.problems.add(undefined, error);
    }
    this.#isComplete = true;
  }

  async #usage(counter: UsageCounter, { node, path }: Entry): Promise<{ stored: number; plain: number }> {
    try {
      const { data, metadata, plain } = await counter.count(node);
      return { stored: data + metadata, plain };
    } catch (error) {
      this.problems.add(path, error);
      return { stored: 0, plain: 0 };
    }
  }
}
