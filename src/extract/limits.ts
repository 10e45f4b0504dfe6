/** How much an image may make of the target: a few bytes of a hostile one can stand for exabytes. */
import { ExtractError } from './errors.js';

/** Nothing that is left out is limited. */
export interface ExtractLimits {
  /** bytes of one file, holes counted: larger ones are left out */
  readonly maxFileSize?: number | undefined;
  /** bytes of content in all, holes not counted: the extraction ends where they are reached */
  readonly maxSize?: number | undefined;
  /** files, directories, links and the like, the same for them */
  readonly maxEntries?: number | undefined;
}

/** Counts against the limits. What throws, throws ExtractError 'file-too-large' or 'limit-reached'. */
export class Allowance {
  readonly #limits: ExtractLimits;
  #bytes = 0;
  #entries = 0;

  constructor(limits: ExtractLimits) {
    this.#limits = limits;
  }

  takeEntry(): void {
    const { maxEntries = Number.POSITIVE_INFINITY } = this.#limits;
    if (++this.#entries > maxEntries) {
      throw new ExtractError(
        'limit-reached',
        `the image has more entries than --max-entries allows (${maxEntries})`,
      );
    }
  }

  checkFile(size: number): void {
    const { maxFileSize = Number.POSITIVE_INFINITY } = this.#limits;
    if (size > maxFileSize) {
      throw new ExtractError(
        'file-too-large',
        `it has ${size} bytes, more than --max-file-size allows (${maxFileSize}); it is not extracted`,
      );
    }
  }

  /** Before they are written. */
  takeBytes(count: number): void {
    const { maxSize = Number.POSITIVE_INFINITY } = this.#limits;
    this.#bytes += count;
    if (this.#bytes > maxSize) {
      throw new ExtractError(
        'limit-reached',
        `the image has more content than --max-size allows (${maxSize} bytes)`,
      );
    }
  }
}
