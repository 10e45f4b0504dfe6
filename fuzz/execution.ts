/** One input through its target, in memory that is as before afterwards. */
import type { Edit, Input } from './input.js';
import { PatchedBytes } from './patched-bytes.js';
import { BrokenRule, LIMITS, type Limits, Rules } from './rules.js';
import type { Base, Target } from './target.js';

export interface Finding {
  readonly breach: BrokenRule['code'];
  readonly message: string;
  /** where it was thrown; findings with the same one are counted as one */
  readonly place: string;
  readonly stack: string;
}

/** Runs of an input that broke a limit before it is believed: the machine may have been busy. */
const TRIES = 3;

export class Executor {
  readonly #target: Target;
  readonly #limits: Limits;
  readonly #patched = new Map<Base, PatchedBytes>();
  refusals = 0;

  constructor(target: Target, limits = LIMITS) {
    this.#target = target;
    this.#limits = limits;
  }

  /** The edits as they were applied: with what makes checksums right, where `mends`. */
  complete(base: Base, edits: readonly Edit[], mends: boolean): readonly Edit[] {
    if (!mends || base.mend === undefined) return edits;
    const patched = this.#patchedOf(base);
    const mending = base.mend(patched.apply(edits), edits);
    patched.undo();
    if (mending === undefined) return edits;
    // the one of an earlier input has no say any more
    return [...edits.filter(({ at, remove }) => at !== mending.at || remove !== mending.remove), mending];
  }

  async run(base: Base, edits: readonly Edit[]): Promise<Finding | undefined> {
    const rules = this.#rules(false);
    const before = rules.usage();
    const limit = Error.stackTraceLimit;
    // most executions end in errors, whose stacks cost more than the rest of them
    Error.stackTraceLimit = 0;
    const finding = await this.#attempt(base, edits, rules);
    Error.stackTraceLimit = limit;
    this.refusals += rules.refusals;
    if (finding !== undefined) return (await this.#attempt(base, edits, this.#rules(false))) ?? finding;
    try {
      rules.require('the execution', before);
      return undefined;
    } catch {
      return this.#measured(base, edits);
    }
  }

  /** The edits without those that the finding does not need. */
  async smallest(base: Base, edits: readonly Edit[], finding: Finding): Promise<readonly Edit[]> {
    let needed = edits;
    for (let i = edits.length - 1; i >= 0; i--) {
      const fewer = needed.toSpliced(i, 1);
      if ((await this.run(base, fewer))?.place === finding.place) needed = fewer;
    }
    return needed;
  }

  readonly #allows = (error: unknown): boolean => this.#target.allows(error);

  #rules(isDetailed: boolean): Rules {
    return new Rules(this.#allows, isDetailed, this.#limits);
  }

  /** Each operation measured; believed where it breaks a limit each time. */
  async #measured(base: Base, edits: readonly Edit[]): Promise<Finding | undefined> {
    let finding: Finding | undefined;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      globalThis.gc?.();
      finding = await this.#attempt(base, edits, this.#rules(true));
      if (finding === undefined) return undefined;
    }
    return finding;
  }

  async #attempt(base: Base, edits: readonly Edit[], rules: Rules): Promise<Finding | undefined> {
    const patched = this.#patchedOf(base);
    try {
      // most targets never wait, and a turn of the event loop for each would cost more than they do
      const running = base.run(patched.apply(edits), edits, rules);
      if (running !== undefined) await running;
      return undefined;
    } catch (error) {
      return findingOf(error);
    } finally {
      patched.undo();
    }
  }

  #patchedOf(base: Base): PatchedBytes {
    let patched = this.#patched.get(base);
    if (patched === undefined) {
      patched = new PatchedBytes(base.bytes);
      this.#patched.set(base, patched);
    }
    return patched;
  }
}

function findingOf(error: unknown): Finding {
  const broken =
    error instanceof BrokenRule ? error : new BrokenRule('unexpected-error', String(error), { cause: error });
  const cause = broken.cause instanceof Error ? broken.cause : broken;
  const stack = cause.stack ?? cause.message;
  const frame =
    stack.split('\n').find((line) => line.includes('/src/')) ?? broken.message.split(' took ')[0]!;
  return { breach: broken.code, message: broken.message, place: `${broken.code} ${frame.trim()}`, stack };
}

export const inputOf = (target: Target, base: Base, edits: readonly Edit[]): Input => ({
  target: target.name,
  base: base.name,
  edits,
});
