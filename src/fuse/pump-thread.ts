/** One pump, seen from the thread that started it: what it says, and how it ended. */
import { Worker } from 'node:worker_threads';
import type { PumpData, PumpMessage, PumpOrder } from './dev-fuse-pump.js';
import { PumpProgress, progressMemory } from './pump-progress.js';
import { MountError } from './transport.js';

/** What all pumps of a mount are given alike. */
export interface PumpSetting extends Omit<PumpData, 'progress'> {
  /** how many there are */
  readonly pumps: number;
}

/** What the kernel said at INIT. */
export type Negotiated = Extract<PumpMessage, { kind: 'initialised' }>;

export class PumpThread {
  readonly progress: PumpProgress;
  /** settles when its image is open; rejects with MountError */
  readonly opened: Promise<void>;
  readonly initialised: Promise<Negotiated>;
  /** settles when the thread is gone: with what ended it, or undefined where the mount has ended, or it was told to end */
  readonly ended: Promise<Error | undefined>;
  readonly #worker: Worker;
  #isOver = false;
  #serves = false;

  /** `program` calls runPump(); `tell` gets its messages */
  constructor(program: URL, setting: PumpSetting, tell: (message: PumpMessage) => void) {
    const memory = progressMemory();
    this.progress = new PumpProgress(memory);
    const worker = new Worker(program, { workerData: { ...setting, progress: memory } satisfies PumpData });
    this.#worker = worker;
    worker.on('message', (message: PumpMessage) => {
      if (message.kind === 'over') this.#isOver = true;
      if (message.kind === 'serves') this.#serves = true;
      tell(message);
    });
    this.opened = opening(worker, setting.spec.image);
    this.initialised = new Promise((resolve) => {
      worker.on('message', (message: PumpMessage) => {
        if (message.kind === 'initialised') resolve(message);
      });
    });
    this.ended = this.#ending();
    // Awaited when its turn comes, which may be after it has failed.
    this.opened.catch(() => {});
  }

  /** Whether it reads requests, as far as it has said. */
  get serves(): boolean {
    return this.#serves;
  }

  serve(order: PumpOrder): void {
    this.#worker.postMessage(order);
  }

  /** Ends a pump that serves nothing yet. */
  dismiss(): void {
    this.#isOver = true;
    this.#worker.postMessage(undefined);
  }

  /** Ends it as soon as it runs JavaScript again, which may be never: no system call is interrupted. */
  stop(): void {
    void this.#worker.terminate();
  }

  #ending(): Promise<Error | undefined> {
    return new Promise((resolve) => {
      let problem: Error | undefined;
      this.#worker.once('error', (error) => {
        problem = error;
      });
      this.#worker.once('exit', (code) => {
        resolve(
          this.#isOver && problem === undefined ? undefined : (problem ?? new Error(`exit code ${code}`)),
        );
      });
    });
  }
}

function opening(worker: Worker, image: string): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: PumpMessage) => {
      if (message.kind === 'opened') resolve();
      if (message.kind !== 'not-opened') return;
      reject(new MountError('mount-failed', `opening ${image} to serve it: ${message.message}`));
    });
    worker.once('error', (cause) => {
      reject(new MountError('mount-failed', `starting a thread to serve ${image}: ${cause}`, { cause }));
    });
    worker.once('exit', (code) => {
      reject(
        new MountError(
          'mount-failed',
          `a thread to serve ${image} ended with code ${code} before it was ready`,
        ),
      );
    });
  });
}
