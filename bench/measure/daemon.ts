/** What the processes that serve a mount take of the machine: those that have its mountpoint in their command line. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ProcessLine, processesWith } from '../../test/support/mount-table.js';
import { BenchError } from '../errors.js';

/** Ticks a second of /proc/PID/stat: USER_HZ, 100 on every Linux. */
const TICKS = 100;
/** Milliseconds between two looks at the load. */
const SAMPLING = 100;
/** Milliseconds that a daemon may take to end after its mount. */
const END_PATIENCE = 10_000;

export interface Usage {
  /** CPU seconds since it began, of user and system */
  readonly cpu: number;
  /** MiB resident, now and at most */
  readonly resident: number;
  readonly peak: number;
  /** MiB resident, where pages that several processes share count once: PSS */
  readonly proportional: number;
}

/** Not the programs that were started here to read the mount: these name it as well. */
const daemonsOf = (mountpoint: string): ProcessLine[] =>
  processesWith(mountpoint).filter(({ pid }) => parentOf(pid) !== process.pid);

const parentOf = (pid: number): number =>
  Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** undefined where no process serves the mount: the kernel does. */
export function usage(mountpoint: string): Usage | undefined {
  const all = daemonsOf(mountpoint).map(({ pid }) => usageOf(pid));
  if (all.length === 0) return undefined;
  const sum = (of: (one: Usage) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    cpu: sum(({ cpu }) => cpu),
    resident: sum(({ resident }) => resident),
    peak: sum(({ peak }) => peak),
    proportional: sum(({ proportional }) => proportional),
  };
}

function usageOf(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  // the second field is a name that may hold anything, in parentheses
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  const mebibytes = (text: string, name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN) / 1024;
  return {
    cpu: (Number(fields[11]) + Number(fields[12])) / TICKS,
    resident: mebibytes(status, 'VmRSS'),
    peak: mebibytes(status, 'VmHWM'),
    proportional: mebibytes(rollup, 'Pss'),
  };
}

export interface Load {
  /** cores in use, over 100 ms at most and over all of the work */
  readonly peak: number;
  readonly average: number;
}

/** The load of a mount's daemon while `work` runs; undefined where it has none. */
export async function loadDuring(mountpoint: string, work: () => Promise<void>): Promise<Load | undefined> {
  const before = usage(mountpoint);
  const started = performance.now();
  let [peak, last, at] = [0, before?.cpu ?? 0, started];
  const look = (): void => {
    const [cpu, now] = [usage(mountpoint)?.cpu ?? last, performance.now()];
    peak = Math.max(peak, ((cpu - last) * 1000) / (now - at));
    [last, at] = [cpu, now];
  };
  const timer = before === undefined ? undefined : setInterval(look, SAMPLING);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  if (before === undefined) return undefined;
  const average = ((usage(mountpoint)!.cpu - before.cpu) * 1000) / (performance.now() - started);
  return { peak: Math.max(peak, average), average };
}

/** Throws BenchError 'took-too-long' where a daemon outlives its mount: it would cost whoever is measured next. */
export async function untilEnded(mountpoint: string): Promise<void> {
  const deadline = performance.now() + END_PATIENCE;
  for (;;) {
    const left = processesWith(mountpoint);
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      const lines = left.map(({ pid, words }) => `${pid} (${words.join(' ').trim()})`).join(', ');
      throw new BenchError('took-too-long', `after the unmount of ${mountpoint} there is still ${lines}`);
    }
    await sleep(5);
  }
}
