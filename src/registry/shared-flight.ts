/** One piece of work for all who want it at the same time; given up when nobody waits any more. */

interface Flight<T> {
  readonly result: Promise<T>;
  readonly abort: AbortController;
  waiting: number;
}

export class SharedFlight<T> {
  readonly #work: (signal: AbortSignal) => Promise<T>;
  #flight: Flight<T> | undefined;

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#work = work;
  }

  /** Joins what is under way, or begins. Rejects as the work does, or with the signal's reason. */
  join(signal: AbortSignal): Promise<T> {
    if (signal.aborted) return Promise.reject(signal.reason);
    this.#flight ??= this.#begin();
    const flight = this.#flight;
    flight.waiting += 1;
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        this.#leave(flight, signal.reason);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      const stop = (): void => signal.removeEventListener('abort', leave);
      flight.result.then(
        (value) => {
          stop();
          resolve(value);
        },
        (error) => {
          stop();
          reject(error);
        },
      );
    });
  }

  #begin(): Flight<T> {
    const abort = new AbortController();
    const result = this.#work(abort.signal).finally(() => {
      if (this.#flight === flight) this.#flight = undefined;
    });
    const flight: Flight<T> = { result, abort, waiting: 0 };
    return flight;
  }

  #leave(flight: Flight<T>, reason: unknown): void {
    flight.waiting -= 1;
    if (flight.waiting > 0) return;
    // whoever comes now begins anew
    if (this.#flight === flight) this.#flight = undefined;
    flight.abort.abort(reason);
  }
}
