/** One line on a terminal that tells how much of an image is here; nothing anywhere else. */

/** Milliseconds between two lines. */
const INTERVAL = 200;
const ERASE_LINE = '\r\u001b[K';
const MIB = 2 ** 20;

export class PullProgress {
  readonly #stream: NodeJS.WriteStream;
  #shownAt = Number.NEGATIVE_INFINITY;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Bytes. */
  show(here: number, of: number): void {
    if (!this.#stream.isTTY) return;
    const now = performance.now();
    if (now - this.#shownAt < INTERVAL) return;
    this.#shownAt = now;
    const percent = Math.floor((here / of) * 100);
    this.#stream.write(
      `${ERASE_LINE}${(here / MIB).toFixed(1)} of ${(of / MIB).toFixed(1)} MiB, ${percent} %`,
    );
  }

  clear(): void {
    if (this.#shownAt > 0) this.#stream.write(ERASE_LINE);
  }
}
