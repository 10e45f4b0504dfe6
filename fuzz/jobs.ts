/** How a run is shared out: to each target its part, to each thread its part of that. */
import type { Settings } from './arguments.js';
import type { Job } from './fuzzer.js';
import { targetNamed } from './targets/all.js';

/** The jobs of one target stand together, so that all threads work on it at the same time. */
export function jobsOf({ targets, executions, seconds, seed, workers }: Settings): Job[] {
  const shares = targets.map((name) => targetNamed(name).share);
  const all = shares.reduce((sum, share) => sum + share, 0);
  return targets.flatMap((target, i) =>
    Array.from({ length: workers }, (_, worker) => ({
      target,
      seed: seed + worker,
      executions: Math.ceil((executions * shares[i]!) / all / workers),
      // by time each target has as much: the cheap ones are as deep as the others
      seconds: seconds / targets.length,
    })),
  );
}
