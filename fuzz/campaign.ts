/** Jobs shared out to threads, threads that are watched, and what all of them found. */
import { Worker } from 'node:worker_threads';
import { merge, type Painting } from './coverage.js';
import { FuzzError } from './errors.js';
import type { Job, Outcome, ReportedFinding } from './fuzzer.js';
import { Progress } from './progress.js';
import type { ThreadData, ThreadMessage } from './thread.js';

export interface TargetTotals {
  executions: number;
  /** milliseconds, of all threads in sum */
  time: number;
  corpus: number;
  refusals: number;
  findings: number;
}

/**
 * Seconds without the end of an execution. They are counted by a timer of this process, which stands still where the process
 * does, and not by a clock.
 */
const PATIENCE = 20;
/** MiB of a thread's heap: what takes more ends the thread, and is a finding. */
const HEAP = 1024;
/** A target whose threads end again and again is left. */
const MOST_FINDINGS_OF_THREADS = 20;

export class Campaign {
  readonly totals = new Map<string, TargetTotals>();
  readonly findings: ReportedFinding[] = [];
  readonly seen: Painting = new Map();
  readonly #waiting: Job[];
  readonly #running = new Map<Progress, Outcome & { readonly target: string }>();
  readonly #found: (finding: ReportedFinding) => void;
  #lostThreads = 0;

  /** `found` is told of each finding once. */
  constructor(jobs: readonly Job[], found: (finding: ReportedFinding) => void) {
    this.#waiting = [...jobs];
    this.#found = found;
    for (const { target } of jobs) {
      this.totals.set(target, { executions: 0, time: 0, corpus: 0, refusals: 0, findings: 0 });
    }
  }

  /** Rejects with FuzzError 'thread-failed'. */
  async run(workers: number): Promise<void> {
    const work = async (): Promise<void> => {
      for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift())
        await this.#thread(job);
    };
    await Promise.all(Array.from({ length: workers }, work));
  }

  /** Of what runs, too. */
  get executions(): number {
    const ended = [...this.totals.values()].reduce((sum, { executions }) => sum + executions, 0);
    return [...this.#running.values()].reduce((sum, { executions }) => sum + executions, ended);
  }

  async #thread(job: Job): Promise<void> {
    const progress = new Progress();
    const workerData: ThreadData = { job, memory: progress.memory };
    const worker = new Worker(new URL('./thread.js', import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: HEAP },
    });
    let outcome: Outcome = { executions: 0, time: 0, corpus: 0, refusals: 0 };
    let lost: ReportedFinding | undefined;
    let isEnded = false;
    const watch = watched(progress, () => {
      lost = lostInput('endless', `no end of an execution for ${PATIENCE} s`, progress);
      void worker.terminate();
    });
    worker.on('message', (message: ThreadMessage) => {
      if (message.kind === 'finding') this.#add(job, message.finding);
      else {
        outcome = message.outcome;
        this.#running.set(progress, { ...outcome, target: job.target });
      }
      if (message.kind !== 'end') return;
      isEnded = true;
      merge(this.seen, message.seen);
    });
    const failure = await new Promise<Error | undefined>((resolve) => {
      let failed: Error | undefined;
      worker.once('error', (error) => {
        failed = error;
      });
      worker.once('exit', () => resolve(failed));
    });
    clearInterval(watch);
    this.#running.delete(progress);
    this.#count(job, outcome);
    if (isEnded) return;
    if ((failure as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY') {
      lost = lostInput('too-much-memory', `the heap grew beyond ${HEAP} MiB`, progress);
    }
    if (lost === undefined) {
      const message = `the thread of ${job.target} ended before its work: ${failure?.stack ?? 'without an error'}`;
      throw new FuzzError('thread-failed', message, { cause: failure });
    }
    this.#add(job, lost);
    this.#goOn(job, outcome);
  }

  /** The rest of a job whose thread was lost, from another seed: the same one would come to the same input. */
  #goOn(job: Job, { executions, time }: Outcome): void {
    this.#lostThreads++;
    if (this.#lostThreads > MOST_FINDINGS_OF_THREADS) return;
    const rest = { executions: job.executions - executions, seconds: job.seconds - time / 1000 };
    if (rest.executions > 0 && rest.seconds > 0)
      this.#waiting.push({ ...job, ...rest, seed: job.seed + 1000 });
  }

  #count(job: Job, outcome: Outcome): void {
    const totals = this.totals.get(job.target)!;
    totals.executions += outcome.executions;
    totals.time += outcome.time;
    totals.corpus += outcome.corpus;
    totals.refusals += outcome.refusals;
  }

  #add(job: Job, finding: ReportedFinding): void {
    if (this.findings.some(({ place }) => place === finding.place)) return;
    this.findings.push(finding);
    this.totals.get(job.target)!.findings++;
    this.#found(finding);
  }
}

function watched(progress: Progress, tooLong: () => void): NodeJS.Timeout {
  let [last, still] = [progress.count, 0];
  return setInterval(() => {
    const { count } = progress;
    still = count === last ? still + 1 : 0;
    last = count;
    if (still === PATIENCE) tooLong();
  }, 1000);
}

function lostInput(
  breach: 'endless' | 'too-much-memory',
  message: string,
  { input }: Progress,
): ReportedFinding {
  // where in the product it was is not known: inputs of one base count as one
  const place = `${breach} ${input.split(' ').slice(0, 2).join(' ')}`;
  return { breach, message, place, stack: '', input };
}
