/** What a process that serves a mount takes, looked at from outside, once a second, while it works. */
import { readdirSync, readFileSync } from 'node:fs';
import { processesWith } from '../../test/support/mount-table.js';
import { BenchError } from '../errors.js';

export interface Sample {
  /** since the first */
  readonly seconds: number;
  /** MiB resident, and of these what belongs to no file: heaps and buffers of all threads */
  readonly resident: number;
  readonly anonymous: number;
  /** MiB, of the main thread; undefined until it has told */
  readonly heap: number | undefined;
  readonly external: number | undefined;
  readonly descriptors: number;
  readonly threads: number;
}

/** Milliseconds. */
const INTERVAL = 1000;

/** The one process that serves the mount. Throws BenchError 'wrong-answer' where there is none or are several. */
export function serverOf(mountpoint: string): number {
  const found = processesWith(mountpoint);
  if (found.length === 1) return found[0]!.pid;
  const lines = found.map(({ pid, words }) => `${pid} (${words.join(' ').trim()})`).join(', ');
  throw new BenchError('wrong-answer', `one process should serve ${mountpoint}, found: ${lines || 'none'}`);
}

export class Sampler {
  readonly samples: Sample[] = [];
  readonly #pid: number;
  readonly #told: string;
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout;

  /** `told`: the file that heap-probe.ts writes. */
  constructor(pid: number, told: string) {
    this.#pid = pid;
    this.#told = told;
    this.#timer = setInterval(() => this.#sample(), INTERVAL);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#sample();
  }

  /** A server that has ended leaves a last sample without descriptors: the run fails elsewhere, with the reason. */
  #sample(): void {
    const folder = `/proc/${this.#pid}`;
    try {
      const status = readFileSync(`${folder}/status`, 'utf8');
      const field = (name: string): number =>
        Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN);
      this.samples.push({
        seconds: (performance.now() - this.#started) / 1000,
        resident: field('VmRSS') / 1024,
        anonymous: field('RssAnon') / 1024,
        ...this.#lastTold(),
        descriptors: readdirSync(`${folder}/fd`).length,
        threads: field('Threads'),
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  #lastTold(): Pick<Sample, 'heap' | 'external'> {
    try {
      const { heap, external } = JSON.parse(readFileSync(this.#told, 'utf8')) as Sample;
      return { heap, external };
    } catch {
      // not yet there, or being written
      return { heap: undefined, external: undefined };
    }
  }
}
