/** Waiting that can be given up. */

/** Settles as `promise` does, or rejects with the signal's reason, whichever is first. The promise itself goes on. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}

/** The patience of one read: it ends with the caller's signal, or when the time is up. */
export class Patience {
  readonly #controller = new AbortController();
  readonly #given: AbortSignal | undefined;
  readonly #giveUp = () => this.#controller.abort(this.#given?.reason);
  #timer: NodeJS.Timeout | undefined;

  constructor(given: AbortSignal | undefined) {
    this.#given = given;
    given?.addEventListener('abort', this.#giveUp, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The time runs from the first call on. */
  start(milliseconds: number, tooLate: () => Error): void {
    this.#timer ??= setTimeout(() => this.#controller.abort(tooLate()), milliseconds);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#given?.removeEventListener('abort', this.#giveUp);
  }
}
