/** A thread that does one job: `{job, memory}` as its data, messages of ThreadMessage back. */
import { parentPort, workerData } from 'node:worker_threads';
import { Coverage, type Painting } from './coverage.js';
import type { Job, Outcome, ReportedFinding } from './fuzzer.js';

export interface ThreadData {
  readonly job: Job;
  /** of Progress */
  readonly memory: SharedArrayBuffer;
}

export type ThreadMessage =
  | { readonly kind: 'finding'; readonly finding: ReportedFinding }
  | { readonly kind: 'progress'; readonly outcome: Outcome }
  | { readonly kind: 'end'; readonly outcome: Outcome; readonly seen: Painting };

const { job, memory } = workerData as ThreadData;
const port = parentPort!;
const tell = (message: ThreadMessage): void => port.postMessage(message);

const product = new URL('../src/', import.meta.url).href;
const coverage = new Coverage((url) => url.startsWith(product));

// what is loaded now is counted from its first line on
const { Fuzzer } = await import('./fuzzer.js');
const { Progress } = await import('./progress.js');
const { targetNamed } = await import('./targets/all.js');

const target = targetNamed(job.target);
const fuzzer = new Fuzzer(target, await target.bases(), job.seed, coverage, new Progress(memory), (finding) =>
  tell({ kind: 'finding', finding }),
);
const outcome = await fuzzer.run(job, (outcome) => tell({ kind: 'progress', outcome }));
coverage.ask();
tell({ kind: 'end', outcome, seen: coverage.executed });
coverage.close();
