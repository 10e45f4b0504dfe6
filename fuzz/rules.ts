/**
 * What has to hold of every operation on damaged input: it ends in time, it asks for a bounded number of bytes, it allocates a
 * bounded number, and nothing is thrown but the errors of the target.
 *
 * Looking at the clock and the heap for each operation would cost a third of the executions: first all of an execution is
 * measured, and only one that broke a limit is run again with each operation measured, so that what the machine did besides
 * is not blamed on the input.
 */
import { getHeapStatistics } from 'node:v8';

/** How an input broke a rule. */
export type Breach =
  | 'unexpected-error'
  | 'too-slow'
  | 'too-much-read'
  | 'too-much-memory'
  | 'endless'
  | 'wrong-answer';

export class BrokenRule extends Error {
  override readonly name = 'BrokenRule';
  readonly code: Breach;

  constructor(code: Breach, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Of an operation. */
export interface Limits {
  /** milliseconds */
  readonly time: number;
  /** bytes that are asked of what holds the input */
  readonly read: number;
  /** bytes by which heap and buffers grow */
  readonly memory: number;
}

export const LIMITS: Limits = { time: 1000, read: 64 << 20, memory: 96 << 20 };

const NOTHING = { user: 0, system: 0 };

/** Milliseconds and bytes. */
interface Usage {
  /** on the clock, and of all the processor time of this process: a thread that waits for the machine uses none */
  readonly elapsed: number;
  readonly processor: number;
  readonly memory: number;
  readonly read: number;
}

export class Rules {
  readonly #allows: (error: unknown) => boolean;
  readonly #isDetailed: boolean;
  readonly #limits: Limits;
  /** bytes that were asked for so far; sources add to it */
  read = 0;
  /** errors that are what damage may cause */
  refusals = 0;

  constructor(allows: (error: unknown) => boolean, isDetailed: boolean, limits = LIMITS) {
    this.#allows = allows;
    this.#isDetailed = isDetailed;
    this.#limits = limits;
  }

  /** undefined where it was refused. It may take `times` the time of one. Throws BrokenRule. */
  operation<T>(what: string, work: () => T, times = 1): T | undefined {
    const before = this.#isDetailed ? this.usage() : undefined;
    let result: T | undefined;
    try {
      result = work();
    } catch (error) {
      if (error instanceof BrokenRule) throw error;
      if (!this.#allows(error)) throw unexpected(what, error);
      this.refusals++;
    }
    if (before !== undefined) this.require(what, before, times);
    return result;
  }

  usage(): Usage {
    const heap = getHeapStatistics();
    // asking for it is slow: only where it decides
    const processor = this.#isDetailed ? process.cpuUsage() : NOTHING;
    return {
      elapsed: performance.now(),
      processor: (processor.user + processor.system) / 1000,
      memory: heap.used_heap_size + heap.external_memory,
      read: this.read,
    };
  }

  /** Throws BrokenRule where more than the limits was used since `before`. */
  require(what: string, before: Usage, times = 1): void {
    const limits = this.#limits;
    const now = this.usage();
    const elapsed = now.elapsed - before.elapsed;
    const used = {
      time: this.#isDetailed ? Math.min(elapsed, now.processor - before.processor) : elapsed,
      memory: now.memory - before.memory,
      read: now.read - before.read,
    };
    if (used.read > limits.read) {
      throw new BrokenRule(
        'too-much-read',
        `${what} asked for ${used.read} bytes, ${limits.read} are allowed`,
      );
    }
    if (used.memory > limits.memory) {
      throw new BrokenRule(
        'too-much-memory',
        `${what} took ${used.memory} bytes, ${limits.memory} are allowed`,
      );
    }
    if (used.time > limits.time * times) {
      throw new BrokenRule(
        'too-slow',
        `${what} took ${Math.round(used.time)} ms, ${limits.time * times} are allowed`,
      );
    }
  }
}

function unexpected(what: string, error: unknown): BrokenRule {
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new BrokenRule('unexpected-error', `${what} threw ${said}`, { cause: error });
}
