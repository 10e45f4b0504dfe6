/**
 * Leaves a mirror alone that fails again and again: so many failures in a row open the circuit; after a rest one request
 * may try, and one each further rest; a success closes it.
 */
export class CircuitBreaker {
  readonly #threshold: number;
  readonly #rest: number;
  readonly #now: () => number;
  #failures = 0;
  /** when the next request may try; meaningful while open */
  #reopens = 0;

  /** `rest` and `now` in milliseconds. */
  constructor(threshold: number, rest: number, now: () => number = Date.now) {
    this.#threshold = threshold;
    this.#rest = rest;
    this.#now = now;
  }

  get isOpen(): boolean {
    return this.#failures >= this.#threshold;
  }

  /** Whether a request may go there. A yes while open is the one try of this rest. */
  admits(): boolean {
    if (!this.isOpen) return true;
    const now = this.#now();
    if (now < this.#reopens) return false;
    this.#reopens = now + this.#rest;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures += 1;
    if (this.isOpen) this.#reopens = this.#now() + this.#rest;
  }
}
