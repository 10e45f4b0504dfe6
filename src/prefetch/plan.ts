/** What is to be prefetched of an image: the files that a PrefetchSpec names, read. */
import { readPathList } from './paths.js';
import type { PrefetchAmount, PrefetchSpec } from './prefetch-options.js';
import { readTrace, type Trace } from './trace.js';

/** In the order of fetching. */
export interface PrefetchPlan {
  readonly traces: readonly Trace[];
  readonly paths: readonly Uint8Array[];
  readonly amount: PrefetchAmount;
}

/** `amount` holds where the spec has none. Throws PrefetchError 'bad-trace', or the system's error for a file that cannot be read. */
export function readPlan(spec: PrefetchSpec | undefined, amount: PrefetchAmount): PrefetchPlan {
  return {
    traces: (spec?.traceFiles ?? []).map(readTrace),
    paths: spec?.listFile === undefined ? [] : readPathList(spec.listFile),
    amount: spec?.amount ?? amount,
  };
}
