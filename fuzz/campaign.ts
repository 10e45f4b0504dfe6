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

/** Whom a campaign tells what. */
export interface Listener {
  /** each finding once */
  found(finding: ReportedFinding): void;
  /** a thread came to its end */
  ended(job: Job, outcome: Outcome): void;
}

export interface ThreadSpec {
  /** what a thread runs */
  readonly program: URL;
  /** seconds of a thread's work without the end of an execution */
  readonly patience: number;
  /** MiB: what takes more ends the thread, and is a finding */
  readonly heap: number;
}

const THREAD: ThreadSpec = { program: new URL('./thread.js', import.meta.url), patience: 20, heap: 1024 };
/** A target whose threads end again and again is left. */
const MOST_FINDINGS_OF_THREADS = 20;

export class Campaign {
  readonly totals = new Map<string, TargetTotals>();
  readonly findings: ReportedFinding[] = [];
  readonly seen: Painting = new Map();
  readonly #waiting: Job[];
  readonly #running = new Map<Progress, Outcome & { readonly target: string }>();
  readonly #listener: Listener;
  readonly #spec: ThreadSpec;
  readonly #workers = new Set<Worker>();
  #lostThreads = 0;
  #isStopped = false;

  constructor(jobs: readonly Job[], listener: Listener, spec = THREAD) {
    this.#waiting = [...jobs];
    this.#listener = listener;
    this.#spec = spec;
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

  /** What runs is left as it is. */
  stop(): void {
    this.#isStopped = true;
    this.#waiting.length = 0;
    for (const worker of this.#workers) void worker.terminate();
  }

  /** Of what runs, too. */
  get executions(): number {
    const ended = [...this.totals.values()].reduce((sum, { executions }) => sum + executions, 0);
    return [...this.#running.values()].reduce((sum, { executions }) => sum + executions, ended);
  }

  async #thread(job: Job): Promise<void> {
    const progress = new Progress();
    const { program, patience, heap } = this.#spec;
    const workerData: ThreadData = { job, memory: progress.memory };
    const worker = new Worker(program, {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: heap },
    });
    this.#workers.add(worker);
    let outcome: Outcome = { executions: 0, time: 0, corpus: 0, refusals: 0 };
    let lost: ReportedFinding | undefined;
    let isEnded = false;
    const watch = watched(progress, patience, this.#workers.size, () => {
      lost = lostInput('endless', `no end of an execution for ${patience} s`, progress);
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
    this.#workers.delete(worker);
    this.#running.delete(progress);
    this.#count(job, outcome);
    this.#listener.ended(job, outcome);
    if (isEnded || this.#isStopped) return;
    if ((failure as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY') {
      lost = lostInput('too-much-memory', `the heap grew beyond ${heap} MiB`, progress);
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
    this.#listener.found(finding);
  }
}

/** Time counts in which this process had as much of the processors as its threads could use: a busy machine is no finding. */
function watched(progress: Progress, patience: number, threads: number, tooLong: () => void): NodeJS.Timeout {
  let last = progress.count;
  let since = process.cpuUsage();
  return setInterval(() => {
    const { count } = progress;
    if (count !== last || count === 0) {
      last = count;
      since = process.cpuUsage();
      return;
    }
    const { user, system } = process.cpuUsage(since);
    if ((user + system) / 1e6 > patience * threads) tooLong();
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
