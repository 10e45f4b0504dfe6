/** An abort that follows another one until it is let go. */
export class LinkedAbort {
  readonly #control = new AbortController();
  readonly #parent: AbortSignal;
  readonly #follow = () => this.#control.abort(this.#parent.reason);

  constructor(parent: AbortSignal) {
    this.#parent = parent;
    if (parent.aborted) this.#follow();
    else parent.addEventListener('abort', this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  abort(reason: unknown): void {
    this.release();
    this.#control.abort(reason);
  }

  /** The parent's abort no longer counts. */
  release(): void {
    this.#parent.removeEventListener('abort', this.#follow);
  }
}
