/**
 * The blob of a server that ignores Range: read once, in its order. Every byte goes to all who wait, whatever range they
 * wait for, for they may keep it; fetches that come later join, unless what they want has passed.
 */
import type { BlobRange } from '../cache/source.js';
import { FetchFailure } from './fetch-failure.js';
import type { Arrival } from './remote-blob.js';

interface Waiter {
  readonly end: number;
  readonly arrived: Arrival;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Begins the download anew: resolves at the end of the answer, whose bytes went to `data`. */
export type Restart = (data: (bytes: Uint8Array) => boolean) => Promise<void>;

export class WholeDownload {
  readonly #size: number;
  readonly #arrived: Arrival | undefined;
  readonly #waiters = new Set<Waiter>();
  /** of the running answer */
  #at = 0;
  /** of all answers: what lies before has been handed on */
  #position = 0;

  /** `arrived` gets every byte as well. */
  constructor(size: number, arrived: Arrival | undefined) {
    this.#size = size;
    this.#arrived = arrived;
  }

  /** The first byte that has not come yet. */
  get position(): number {
    return this.#position;
  }

  readonly data = (bytes: Uint8Array): boolean => {
    const at = this.#at;
    this.#at += bytes.length;
    if (this.#at > this.#size) {
      throw new FetchFailure('protocol', `the server sent more than the ${this.#size} bytes it announced`);
    }
    const known = Math.max(0, this.#position - at);
    if (known < bytes.length) this.#hand(at + known, known === 0 ? bytes : bytes.subarray(known));
    return true;
  };

  #hand(at: number, bytes: Uint8Array): void {
    this.#position = at + bytes.length;
    this.#arrived?.(at, bytes);
    for (const waiter of this.#waiters) {
      try {
        waiter.arrived(at, bytes);
      } catch (error) {
        this.#waiters.delete(waiter);
        waiter.reject(error as Error);
        continue;
      }
      if (this.#position >= waiter.end) {
        this.#waiters.delete(waiter);
        waiter.resolve();
      }
    }
  }

  /** Resolves when all of the range has come; it must not begin before `position`. Rejects with the signal's reason, too. */
  join(range: BlobRange, arrived: Arrival, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiters.delete(waiter);
        reject(signal.reason);
      };
      const stop = () => signal.removeEventListener('abort', leave);
      const waiter: Waiter = {
        end: range.offset + range.length,
        arrived,
        resolve: () => {
          stop();
          resolve();
        },
        reject: (error) => {
          stop();
          reject(error);
        },
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
      this.#waiters.add(waiter);
    });
  }

  /**
   * Sees the download through: `response` is the running answer, whose bytes come to `data`. Never rejects: who waits is
   * told. `pause` is asked after each failure, with the number of those that brought nothing new; it rejects to end it.
   */
  async run(
    response: Promise<void>,
    restart: Restart,
    pause: (fruitless: number, failure: FetchFailure) => Promise<void>,
  ): Promise<void> {
    let running = response;
    let fruitless = 0;
    let reached = 0;
    try {
      for (;;) {
        try {
          await running;
          if (this.#position === this.#size) return;
          throw new FetchFailure('unreachable', 'the answer ended before its end', { transient: true });
        } catch (error) {
          if (!(error instanceof FetchFailure) || !error.transient) throw error;
          fruitless = this.#position > reached ? 0 : fruitless + 1;
          reached = this.#position;
          await pause(fruitless, error);
        }
        this.#at = 0;
        running = restart(this.data);
      }
    } catch (error) {
      for (const waiter of this.#waiters) waiter.reject(error as Error);
      this.#waiters.clear();
    }
  }
}
