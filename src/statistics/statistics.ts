/** What was counted, under its names: what a mount tells of itself, as JSON. Later versions may add fields. */
import { addUp, BUCKETS, Count, KINDS } from './counters.js';
import { quantile } from './quantile.js';

export interface RequestStatistics {
  readonly count: number;
  /** those of them that were answered with an errno because something is wrong */
  readonly failures: number;
  /** microseconds, with one decimal; null where none was timed */
  readonly p50: number | null;
  readonly p99: number | null;
  /** how many took how long, in the buckets of counters.ts up to the last that has any; see Counters.weightOf */
  readonly durations: readonly number[];
}

export interface Lookups {
  readonly hits: number;
  readonly misses: number;
}

export interface Statistics {
  /** by kind of request, those that there were */
  readonly requests: Readonly<Record<string, RequestStatistics>>;
  readonly bytes_read: number;
  /** requests whose programs gave up waiting */
  readonly interrupted: number;
  readonly block_cache: Lookups;
  readonly extent_cache: Lookups;
  readonly chunk_store: Lookups;
  readonly remote: {
    readonly bytes: number;
    readonly requests: number;
    readonly retries: number;
    readonly hedges: number;
  };
  /** of all kinds */
  readonly failures: number;
  /** when, in milliseconds since 1970; null where nothing has failed */
  readonly last_failure: number | null;
}

/** `memory`: of Counters.memory. `kinds`: what opcodes are called, by number. */
export function readStatistics(
  memory: SharedArrayBuffer,
  kinds: readonly ({ readonly name: string } | undefined)[],
): Statistics {
  const { counts, requests, failures, durations } = addUp(memory);
  const met: Record<string, RequestStatistics> = {};
  let failed = 0;
  for (let kind = 0; kind < KINDS; kind++) {
    failed += failures[kind]!;
    const [count, bad] = [requests[kind]!, failures[kind]!];
    if (count === 0 && bad === 0) continue;
    const buckets = durations.subarray(kind * BUCKETS, (kind + 1) * BUCKETS);
    met[kinds[kind]?.name ?? 'OTHER'] = requestStatistics(count, bad, [...buckets]);
  }
  const count = (slot: number): number => counts[slot]!;
  return {
    requests: met,
    bytes_read: count(Count.bytesRead),
    interrupted: count(Count.interrupted),
    block_cache: { hits: count(Count.blockHits), misses: count(Count.blockMisses) },
    extent_cache: { hits: count(Count.extentHits), misses: count(Count.extentMisses) },
    chunk_store: { hits: count(Count.chunkHits), misses: count(Count.chunkMisses) },
    remote: {
      bytes: count(Count.remoteBytes),
      requests: count(Count.remoteRequests),
      retries: count(Count.remoteRetries),
      hedges: count(Count.remoteHedges),
    },
    failures: failed,
    last_failure: count(Count.lastFailure) || null,
  };
}

function requestStatistics(count: number, failures: number, buckets: readonly number[]): RequestStatistics {
  const end = buckets.findLastIndex((many) => many > 0) + 1;
  return {
    count,
    failures,
    p50: rounded(quantile(buckets, 0.5)),
    p99: rounded(quantile(buckets, 0.99)),
    durations: buckets.slice(0, end),
  };
}

const rounded = (microseconds: number | undefined): number | null =>
  microseconds === undefined ? null : Math.round(microseconds * 10) / 10;

/** What happened between two looks; quantiles are of that time alone. */
export function difference(later: Statistics, earlier: Statistics): Statistics {
  const requests: Record<string, RequestStatistics> = {};
  for (const [kind, now] of Object.entries(later.requests)) {
    const before = earlier.requests[kind];
    const count = now.count - (before?.count ?? 0);
    const failures = now.failures - (before?.failures ?? 0);
    const buckets = now.durations.map((many, i) => many - (before?.durations[i] ?? 0));
    if (count > 0 || failures > 0) requests[kind] = requestStatistics(count, failures, buckets);
  }
  const lookups = (name: 'block_cache' | 'extent_cache' | 'chunk_store'): Lookups => ({
    hits: later[name].hits - earlier[name].hits,
    misses: later[name].misses - earlier[name].misses,
  });
  const remote = (name: keyof Statistics['remote']): number => later.remote[name] - earlier.remote[name];
  return {
    requests,
    bytes_read: later.bytes_read - earlier.bytes_read,
    interrupted: later.interrupted - earlier.interrupted,
    block_cache: lookups('block_cache'),
    extent_cache: lookups('extent_cache'),
    chunk_store: lookups('chunk_store'),
    remote: {
      bytes: remote('bytes'),
      requests: remote('requests'),
      retries: remote('retries'),
      hedges: remote('hedges'),
    },
    failures: later.failures - earlier.failures,
    last_failure: later.last_failure,
  };
}

/** The durations of several kinds as one. */
export function sumOfDurations(requests: readonly RequestStatistics[]): number[] {
  const sum = new Array<number>(BUCKETS).fill(0);
  for (const { durations } of requests) for (const [i, many] of durations.entries()) sum[i]! += many;
  return sum;
}
