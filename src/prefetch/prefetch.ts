/**
 * Prefetching as long as a mount lasts: traces, then lists of paths, then metadata or all of it.
 *
 * LAW: nobody waits for it and nothing fails with it. A network that is out of order is tried again, ever more seldom; what
 * trying again does not cure is told once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { RemoteError } from '../remote/remote-blob.js';
import { prefetchMetadata } from './metadata.js';
import { prefetchPaths } from './paths.js';
import type { PrefetchPlan } from './plan.js';
import type { RemoteImage } from './remote-image.js';
import { replayTrace } from './replay.js';
import { prefetchWhole, requireRoom } from './whole.js';

export interface PrefetchContext {
  /** bytes that the cache may take */
  readonly budget: number;
  readonly report: (problem: Error) => void;
  /** before the next try of a step that failed so often; seconds to minutes unless given */
  readonly pause?: (failures: number, signal: AbortSignal) => Promise<unknown>;
}

export type PrefetchStep = 'traces' | 'paths' | 'metadata' | 'all';

/** Milliseconds: of the first pause, which doubles up to the second. */
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 300_000;

export class Prefetch {
  /** settles when all is done or given up; never rejects */
  readonly ended: Promise<void>;
  readonly #image: RemoteImage;
  readonly #plan: PrefetchPlan;
  readonly #context: PrefetchContext;
  readonly #controller = new AbortController();
  #doing: PrefetchStep | undefined;

  /** Begins at once. To be stopped before the image is closed. */
  constructor(image: RemoteImage, plan: PrefetchPlan, context: PrefetchContext) {
    this.#image = image;
    this.#plan = plan;
    this.#context = context;
    this.ended = this.#run();
  }

  /** undefined: nothing any more */
  get doing(): PrefetchStep | undefined {
    return this.#doing;
  }

  /** What is on its way goes on until the image is closed; nothing else is asked for. */
  stop(): void {
    this.#controller.abort(new Error('prefetching was stopped'));
  }

  async #run(): Promise<void> {
    for (const step of this.#steps()) {
      this.#doing = step;
      await this.#persist(step);
      if (this.#controller.signal.aborted) break;
    }
    this.#doing = undefined;
  }

  #steps(): PrefetchStep[] {
    const { traces, paths, amount } = this.#plan;
    const steps: PrefetchStep[] = [];
    if (this.#image.blobs.every((blob) => blob.isHere(0, blob.size))) return steps;
    if (traces.length > 0) steps.push('traces');
    if (paths.length > 0) steps.push('paths');
    if (amount !== 'none') steps.push('metadata');
    if (amount === 'all') steps.push('all');
    return steps;
  }

  /** Each step passes over what is here: doing it again is going on with it. */
  async #persist(step: PrefetchStep): Promise<void> {
    const { signal } = this.#controller;
    const { report, pause = pauseFor } = this.#context;
    for (let failures = 1; ; failures++) {
      try {
        return await this.#do(step, signal);
      } catch (error) {
        if (signal.aborted) return;
        const passes = isPassing(error);
        if (failures === 1 || !passes) report(error as Error);
        if (!passes) return;
      }
      await pause(failures, signal).catch(() => {});
      if (signal.aborted) return;
    }
  }

  async #do(step: PrefetchStep, signal: AbortSignal): Promise<void> {
    const image = this.#image;
    const { traces, paths } = this.#plan;
    const { report, budget } = this.#context;
    switch (step) {
      case 'traces':
        for (const trace of traces) await replayTrace(image, trace, report, signal);
        return;
      case 'paths':
        return prefetchPaths(image, paths, report, signal);
      case 'metadata':
        return prefetchMetadata(image, signal);
      case 'all':
        requireRoom(image.blobs, budget);
        for (const blob of image.blobs) await prefetchWhole(blob, undefined, signal);
    }
  }
}

/** The network may be another one soon; a server that says no, or has another blob, says so again. */
const isPassing = (error: unknown): boolean =>
  error instanceof RemoteError && (error.code === 'unreachable' || error.code === 'protocol');

function pauseFor(failures: number, signal: AbortSignal): Promise<void> {
  const milliseconds = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1));
  return sleep(milliseconds, undefined, { signal, ref: false });
}
