/** The worker threads of one mount, from their images opened to the end of the last. */
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { PumpData, PumpMessage } from './dev-fuse-pump.js';
import { remembered } from './problem-log.js';
import { MountError } from './transport.js';
import type { WaitingRequests } from './waiting-requests.js';

const INIT_PATIENCE_MS = 10_000;

export class Pumps {
  /** resolves when every pump has ended */
  readonly ended: Promise<void>;
  /** resolves with what ended a pump although the mount had not ended */
  readonly failure: Promise<Error>;
  readonly #workers: readonly Worker[];
  readonly #opened: Promise<void>;
  readonly #initialised: Promise<void>;

  /** `program` of each worker calls runPump(). */
  constructor(count: number, program: URL, data: PumpData, log: Logger) {
    this.#workers = Array.from({ length: count }, () => new Worker(program, { workerData: data }));
    this.#opened = Promise.all(this.#workers.map((worker) => opening(worker, data))).then(() => undefined);
    this.#initialised = Promise.race(this.#workers.map(initialisation));
    this.ended = Promise.all(this.#workers.map(ending)).then(() => undefined);
    this.failure = Promise.race(this.#workers.map(failing));
    // Awaited when its turn comes, which may be after it has failed.
    this.#initialised.catch(() => {});
    const tell = remembered((record, message) => log.warn(record, message));
    for (const worker of this.#workers) {
      worker.on('message', (message: PumpMessage) => {
        if (message.kind === 'problem') tell(message.record, message.message);
      });
    }
  }

  /** Rejects where a pump cannot open the image; then all have ended. */
  async open(): Promise<void> {
    try {
      await this.#opened;
    } catch (error) {
      this.dismiss();
      throw error;
    }
  }

  /** Ends pumps that serve nothing yet. */
  dismiss(): void {
    for (const worker of this.#workers) worker.postMessage(undefined);
  }

  /**
   * Resolves when the kernel's INIT has been answered. Rejects with MountError; the pumps go on until unmounted. `waiting` gets
   * what they hand over.
   */
  async serve(descriptor: number, waiting: WaitingRequests | undefined): Promise<void> {
    for (const worker of this.#workers) {
      worker.on('message', (message: PumpMessage) => {
        if (message.kind === 'waits') waiting?.accept(message.request);
        else if (message.kind === 'interrupt') waiting?.interrupt(message.unique);
      });
    }
    for (const worker of this.#workers) worker.postMessage(descriptor);
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const waited = `${INIT_PATIENCE_MS / 1000} s`;
        reject(
          new MountError('timeout', `the kernel did not begin to talk within ${waited}; dmesg may tell why`),
        );
      }, INIT_PATIENCE_MS);
    });
    try {
      await Promise.race([this.#initialised, this.#endedEarly(), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #endedEarly(): Promise<never> {
    const failure = await Promise.race([this.failure, this.ended]);
    const reason = failure === undefined ? 'somebody unmounted it' : failure.message;
    throw new MountError('mount-failed', `the mount ended before it answered: ${reason}`);
  }
}

function opening(worker: Worker, { spec }: PumpData): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: PumpMessage) => {
      if (message.kind === 'opened') resolve();
      if (message.kind !== 'not-opened') return;
      reject(new MountError('mount-failed', `opening ${spec.image} to serve it: ${message.message}`));
    });
    worker.once('error', (cause) => {
      reject(new MountError('mount-failed', `starting a thread to serve ${spec.image}: ${cause}`, { cause }));
    });
  });
}

function initialisation(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: PumpMessage) => {
      if (message.kind !== 'initialised') return;
      if (message.supported) resolve();
      const found = `this kernel speaks FUSE ${message.version}, and 7.31 is the oldest that works (Linux 5.4)`;
      reject(new MountError('kernel-refused', `${found}; use --transport fuse-native`));
    });
  });
}

function ending(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once('exit', () => resolve());
  });
}

function failing(worker: Worker): Promise<Error> {
  return new Promise((resolve) => {
    worker.once('error', resolve);
    worker.once('exit', (code) => {
      if (code !== 0) resolve(new Error(`it ended with code ${code}`));
    });
  });
}
