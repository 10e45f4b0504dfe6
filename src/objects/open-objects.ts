/**
 * Objects that are open, the one used longest ago first.
 *
 * LAW: what is forgotten is closed, and the newest is never forgotten: an object whose hash tree alone is larger than
 * the budget still stays while it is read.
 */
import type { Source } from '../cache/source.js';
import type { ExternalFile } from '../tree/objects-tree.js';

export interface OpenObject {
  readonly source: Source;
  /** bytes of memory that go with it */
  readonly memory: number;
}

export class OpenObjects {
  readonly #objects = new Map<ExternalFile, OpenObject>();
  readonly #count: number;
  readonly #budget: number;
  #memory = 0;

  /** At most `count` stay open, with `budget` bytes of memory in sum. */
  constructor(count: number, budget: number) {
    this.#count = count;
    this.#budget = budget;
  }

  get(file: ExternalFile): Source | undefined {
    const found = this.#objects.get(file);
    if (found === undefined) return undefined;
    this.#objects.delete(file);
    this.#objects.set(file, found);
    return found.source;
  }

  add(file: ExternalFile, object: OpenObject): void {
    this.#objects.set(file, object);
    this.#memory += object.memory;
    for (const oldest of this.#objects.keys()) {
      const fits = this.#objects.size <= this.#count && this.#memory <= this.#budget;
      if (fits || oldest === file) return;
      this.#forget(oldest);
    }
  }

  close(): void {
    for (const file of this.#objects.keys()) this.#forget(file);
  }

  #forget(file: ExternalFile): void {
    const { source, memory } = this.#objects.get(file)!;
    this.#objects.delete(file);
    this.#memory -= memory;
    source.close();
  }
}
