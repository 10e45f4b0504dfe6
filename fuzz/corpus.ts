/** The inputs that executed something new, and the next ones made of them. */
import type { Random } from '../test/support/random.js';
import type { Edit } from './input.js';
import type { Base } from './target.js';

interface Kept {
  readonly base: Base;
  readonly edits: readonly Edit[];
}

/** Changes that are added to an input, at most. */
const MOST_NEW = 4;
/** An input that grew to more is not built upon: it is slower, and tells less. */
const MOST_EDITS = 24;
/** One in so many keeps its wrong checksums. */
const UNMENDED = 12;
/** Bases that a run begins with, and executions until the next one joins them: a short run does not open all images. */
const FIRST_BASES = 4;
const PER_BASE = 300;
/** One in so many of the times that it comes up, a slow base is taken. */
const SLOW = 16;

export interface Draft {
  readonly base: Base;
  readonly edits: readonly Edit[];
  readonly isMended: boolean;
}

export class Corpus {
  /** in random order */
  readonly #bases: readonly Base[];
  readonly #kept: Kept[] = [];
  readonly #random: Random;
  #drafts = 0;

  constructor(bases: readonly Base[], random: Random) {
    this.#bases = shuffled(bases, random);
    this.#random = random;
  }

  get size(): number {
    return this.#kept.length;
  }

  keep(base: Base, edits: readonly Edit[]): void {
    if (edits.length <= MOST_EDITS) this.#kept.push({ base, edits });
  }

  /** Half of them from an undamaged base, half from an input that was kept, those kept last more often. */
  next(): Draft {
    const random = this.#random;
    const parent = this.#kept.length > 0 && random.below(2) === 0 ? this.#parent() : undefined;
    const base = parent?.base ?? this.#base();
    this.#drafts++;
    const edits = [...(parent?.edits ?? [])];
    if (edits.length > 1 && random.below(4) === 0) edits.splice(random.below(edits.length), 1);
    for (let left = 1 + random.below(MOST_NEW); left > 0; left--) edits.push(base.edit(random));
    return { base, edits, isMended: random.below(UNMENDED) !== 0 };
  }

  #parent(): Kept {
    const count = this.#kept.length;
    const recent = Math.min(count, 32);
    for (;;) {
      const isRecent = this.#random.below(2) === 0;
      const kept = this.#kept[isRecent ? count - 1 - this.#random.below(recent) : this.#random.below(count)]!;
      if (this.#isTaken(kept.base)) return kept;
    }
  }

  #base(): Base {
    const count = Math.min(this.#bases.length, FIRST_BASES + Math.floor(this.#drafts / PER_BASE));
    for (;;) {
      const base = this.#bases[this.#random.below(count)]!;
      if (this.#isTaken(base)) return base;
    }
  }

  #isTaken({ isSlow = false }: Base): boolean {
    return !isSlow || this.#random.below(SLOW) === 0;
  }
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const mixed = [...list];
  for (let i = mixed.length - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [mixed[i], mixed[other]] = [mixed[other]!, mixed[i]!];
  }
  return mixed;
}
