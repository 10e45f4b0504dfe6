/** One line on a terminal that tells how far the check is; nothing anywhere else. */
import type { Totals } from '../check/session.js';

/** Milliseconds between two lines. */
const INTERVAL = 200;
const ERASE_LINE = '\r\u001b[K';

export class VerifyProgress {
  readonly #stream: NodeJS.WriteStream;
  #shownAt = Number.NEGATIVE_INFINITY;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show({ inodes, pclusters }: Totals): void {
    if (!this.#stream.isTTY) return;
    const now = performance.now();
    if (now - this.#shownAt < INTERVAL) return;
    this.#shownAt = now;
    this.#stream.write(`${ERASE_LINE}${inodes} inodes, ${pclusters} pclusters decoded`);
  }

  clear(): void {
    if (this.#shownAt > 0) this.#stream.write(ERASE_LINE);
  }
}
