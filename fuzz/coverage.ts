/**
 * What was executed, as V8 counts it: precise block coverage over node:inspector, of the thread that asks.
 *
 * Counting costs an execution about a tenth, asking 1 to 5 ms: so it is asked for many executions at once. V8 tells what was
 * executed since it was asked last, and of blocks with the same count as the block around them nothing: so each function is
 * painted, outer blocks first, one byte a character of the compiled source.
 */
import { type Profiler, Session } from 'node:inspector';

/** A character of a script that is executed or not. */
export interface Spot {
  readonly url: string;
  readonly at: number;
}

/** By script: whether each character was executed. */
export type Painting = Map<string, Uint8Array>;

export class Coverage {
  /** all that was executed so far */
  readonly executed: Painting = new Map();
  /** what is no news any more */
  readonly #known: Painting = new Map();
  readonly #session = new Session();
  readonly #isCounted: (url: string) => boolean;

  /** Begins to count. What is loaded before it is known only where it runs again. */
  constructor(isCounted: (url: string) => boolean) {
    this.#isCounted = isCounted;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** What was executed since the last question. */
  ask(): Painting {
    let scripts: Profiler.ScriptCoverage[] = [];
    // within one thread the answer comes before post() returns
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error;
      scripts = answer.result;
    });
    const counted = scripts.filter(({ url }) => this.#isCounted(url));
    const painting = new Map(counted.map(({ url, functions }) => [url, paint(functions)]));
    merge(this.executed, painting);
    return painting;
  }

  /** Some character of it that is not known; undefined where there is none. */
  news(painting: Painting): Spot | undefined {
    for (const [url, painted] of painting) {
      const known = this.#known.get(url);
      const at = painted.findIndex((isExecuted, at) => isExecuted === 1 && known?.[at] !== 1);
      if (at >= 0) return { url, at };
    }
    return undefined;
  }

  learn(painting: Painting): void {
    merge(this.#known, painting);
  }

  close(): void {
    this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }
}

/** What was executed by either. */
export function merge(into: Painting, more: Painting): void {
  for (const [url, painted] of more) {
    const known = into.get(url);
    if (known === undefined || known.length < painted.length) {
      const longer = new Uint8Array(painted);
      into.set(url, longer);
      if (known !== undefined) add(longer, known);
    } else {
      add(known, painted);
    }
  }
}

function add(into: Uint8Array, painted: Uint8Array): void {
  for (let at = 0; at < painted.length; at++) if (painted[at] === 1) into[at] = 1;
}

function paint(functions: readonly Profiler.FunctionCoverage[]): Uint8Array {
  const length = functions.reduce(
    (most, { ranges }) => ranges.reduce((end, range) => Math.max(end, range.endOffset), most),
    0,
  );
  const painted = new Uint8Array(length);
  for (const { ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges)
      painted.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  }
  return painted;
}
