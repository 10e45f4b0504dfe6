/** How a run is shared out: to each target its part, to each thread its part of that. */
import type { Settings } from './arguments.js';
import type { Job } from './fuzzer.js';
import { targetNamed } from './targets/all.js';

/** Executions of all targets until the first of them begins anew, from another seed and without what it had learnt. */
const ROUND = 500_000;

/**
 * The jobs of one target stand together, so that all threads work on it at the same time. By time each target has as much: the
 * cheap ones are as deep as the others.
 */
export function jobsOf({ targets, executions, seconds, seed, workers }: Settings): Job[] {
  const shares = targets.map((name) => targetNamed(name).share);
  const all = shares.reduce((sum, share) => sum + share, 0);
  const rounds = Number.isFinite(executions) ? Math.ceil(executions / ROUND) : 1;
  return Array.from({ length: rounds }, (_, round) =>
    targets.flatMap((target, i) =>
      Array.from({ length: workers }, (_, worker) => ({
        target,
        seed: seed + round * workers + worker,
        executions: Math.ceil((executions * shares[i]!) / all / rounds / workers),
        seconds: seconds / targets.length / rounds,
      })),
    ),
  ).flat();
}
