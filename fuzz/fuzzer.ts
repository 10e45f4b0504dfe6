/** The loop: inputs in batches, what they executed, and which of them are worth building upon. */
import { Random } from '../test/support/random.js';
import { Corpus } from './corpus.js';
import type { Coverage, Painting, Spot } from './coverage.js';
import { Executor, type Finding, inputOf } from './execution.js';
import { type Edit, printInput } from './input.js';
import type { Progress } from './progress.js';
import type { Base, Target } from './target.js';

/** What one thread does with one target; the one that ends first of the two ends it. */
export interface Job {
  readonly target: string;
  readonly seed: number;
  readonly executions: number;
  readonly seconds: number;
}

export interface ReportedFinding extends Finding {
  /** a line for --reproduce */
  readonly input: string;
}

export interface Outcome {
  readonly executions: number;
  /** milliseconds */
  readonly time: number;
  readonly corpus: number;
  readonly refusals: number;
}

/** Executions between two questions for what was executed, which cost as much as some tens of them. */
const BATCH = 192;
/** Milliseconds between two looks at what else the thread has to do. */
const PAUSE = 500;

interface Tried {
  readonly base: Base;
  readonly edits: readonly Edit[];
}

export class Fuzzer {
  readonly #target: Target;
  readonly #executor: Executor;
  readonly #corpus: Corpus;
  readonly #coverage: Coverage;
  readonly #progress: Progress;
  readonly #report: (finding: ReportedFinding) => void;
  readonly #places = new Set<string>();
  readonly #known = new Set<Base>();
  #executions = 0;

  constructor(
    target: Target,
    bases: readonly Base[],
    seed: number,
    coverage: Coverage,
    progress: Progress,
    report: (finding: ReportedFinding) => void,
  ) {
    this.#target = target;
    this.#executor = new Executor(target);
    this.#corpus = new Corpus(bases, new Random(seed));
    this.#coverage = coverage;
    this.#progress = progress;
    this.#report = report;
  }

  /** `tell` is called now and then. */
  async run(job: Job, tell: (outcome: Outcome) => void): Promise<Outcome> {
    const start = performance.now();
    let told = start;
    for (let now = start; this.#executions < job.executions && now - start < job.seconds * 1000; ) {
      await this.#batch(Math.min(BATCH, job.executions - this.#executions));
      now = performance.now();
      if (now - told < PAUSE) continue;
      told = now;
      tell(this.#outcome(start));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.#outcome(start);
  }

  #outcome(start: number): Outcome {
    return {
      executions: this.#executions,
      time: performance.now() - start,
      corpus: this.#corpus.size,
      refusals: this.#executor.refusals,
    };
  }

  async #batch(size: number): Promise<void> {
    const tried: Tried[] = [];
    for (let i = 0; i < size; i++) {
      const { base, edits: drafted, isMended } = this.#corpus.next();
      if (!this.#known.has(base)) await this.#runUndamaged(base);
      const edits = this.#executor.complete(base, drafted, isMended);
      tried.push({ base, edits });
      this.#progress.begin(printInput(inputOf(this.#target, base, edits)));
      const finding = await this.#executor.run(base, edits);
      if (finding !== undefined) await this.#found(base, edits, finding);
    }
    this.#executions += size;
    const batch = this.#coverage.ask();
    const spot = this.#coverage.news(batch);
    if (spot !== undefined) await this.#keepWhatReaches(spot, tried, batch);
  }

  /** What an undamaged base executes is no news. */
  async #runUndamaged(base: Base): Promise<void> {
    this.#known.add(base);
    const finding = await this.#executor.run(base, []);
    if (finding !== undefined) await this.#found(base, [], finding);
    this.#coverage.learn(this.#coverage.ask());
  }

  async #found(base: Base, edits: readonly Edit[], finding: Finding): Promise<void> {
    if (this.#places.has(finding.place)) return;
    this.#places.add(finding.place);
    const smallest = await this.#executor.smallest(base, edits, finding);
    this.#report({ ...finding, input: printInput(inputOf(this.#target, base, smallest)) });
  }

  /** Finds an input of the batch that reaches the spot, by running halves of it again. */
  async #keepWhatReaches(spot: Spot, tried: readonly Tried[], batch: Painting): Promise<void> {
    let [low, high] = [0, tried.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (reaches(await this.#painted(tried.slice(low, middle)), spot)) high = middle;
      else low = middle;
    }
    const found = tried[low]!;
    const painting = await this.#painted([found]);
    if (!reaches(painting, spot)) {
      // what a batch reaches only together, by what it leaves in memory, is never found again
      this.#coverage.learn(batch);
      return;
    }
    this.#coverage.learn(painting);
    this.#corpus.keep(found.base, found.edits);
  }

  async #painted(tried: readonly Tried[]): Promise<Painting> {
    for (const { base, edits } of tried) await this.#executor.run(base, edits);
    return this.#coverage.ask();
  }
}

const reaches = (painting: Painting, { url, at }: Spot): boolean => painting.get(url)?.[at] === 1;
