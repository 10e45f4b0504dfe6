/** Usage summed up directory by directory. */
import { isDirectory } from '../commands/mode-string.js';
import type { Problems } from '../commands/problems.js';
import { type Entry, joinPath, walk } from '../commands/walk.js';
import type { OpenedImage } from '../open.js';
import { addUsage, noUsage, type Usage, UsageCounter } from './usage.js';

export interface UsageLine {
  readonly path: Uint8Array;
  readonly mode: number;
  /** of a directory, with all that is below it */
  readonly usage: Usage;
}

export interface UsageRange {
  /** levels below the start that have lines of their own */
  readonly depth: number;
  /** files have lines, too */
  readonly all: boolean;
}

/** Several starts of one image, whose files count once whichever start leads to them. */
export class UsageListing {
  readonly total = noUsage();
  readonly #opened: OpenedImage;
  readonly #range: UsageRange;
  readonly #problems: Problems;
  readonly #counter: UsageCounter;
  readonly #progress: (names: number) => void;
  #names = 0;

  /** `progress` is told often of how many names were counted. */
  constructor(
    opened: OpenedImage,
    range: UsageRange,
    problems: Problems,
    progress: (names: number) => void = () => {},
  ) {
    this.#opened = opened;
    this.#range = range;
    this.#problems = problems;
    this.#counter = new UsageCounter(opened);
    this.#progress = progress;
  }

  /** Gives each directory to `take` after what is below it. `shown` is the path of `start`. Rejects only with what `take` throws. */
  async list(
    start: Entry,
    shown: Uint8Array,
    take: (line: UsageLine) => void | Promise<void> | undefined,
  ): Promise<void> {
    const { depth, all } = this.#range;
    const sums: Usage[] = [];
    const pathOf = (entry: Entry) => (entry === start ? shown : joinPath(shown, entry.path));
    const finish = async (entry: Entry, usage: Usage) => {
      addUsage(sums.at(-1) ?? this.total, usage);
      const isShown = sums.length === 0 || (sums.length <= depth && (all || isDirectory(entry.attr.mode)));
      if (isShown) await take({ path: pathOf(entry), mode: entry.attr.mode, usage });
    };
    await walk(this.#opened, start, {
      entry: async (entry) => {
        const usage = await this.#count(entry, pathOf(entry));
        if (isDirectory(entry.attr.mode)) sums.push(usage);
        else await finish(entry, usage);
        return true;
      },
      leave: (directory) => finish(directory, sums.pop()!),
      problem: (path, error) => this.#problems.at(joinPath(shown, path), error),
    });
  }

  async #count(entry: Entry, path: Uint8Array): Promise<Usage> {
    this.#progress(++this.#names);
    try {
      return await this.#counter.count(entry.node);
    } catch (error) {
      this.#problems.at(path, error);
      return noUsage();
    }
  }
}
