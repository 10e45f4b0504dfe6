/** Bytes that compress as files do, the same for the same seed: text of a made-up language with noise in between. */
import { Random } from '../../test/support/random.js';

const WORDS = 4096;
const LETTERS = 'etaoinshrdlucmfwypvbgkjqxz';
/** Of 8 pieces so many are noise, as media and machine code nearly are; LZ4 then makes about 60 % of it. */
const NOISE = 3;
const LONGEST_PIECE = 6000;

export class Content {
  readonly random: Random;
  readonly #words: readonly Uint8Array[];

  constructor(seed: number) {
    this.random = new Random(seed);
    this.#words = Array.from({ length: WORDS }, () => Buffer.from(`${this.#word()} `));
  }

  #word(): string {
    // the product of two draws: letters at the front are more frequent
    const letter = () => LETTERS[Math.floor((this.random.below(26) * this.random.below(26)) / 26)]!;
    return Array.from({ length: 2 + this.random.below(9) }, letter).join('');
  }

  /** The next `size` bytes. */
  next(size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size);
    for (let at = 0; at < size; ) {
      const end = Math.min(size, at + 200 + this.random.below(LONGEST_PIECE));
      at = this.random.below(8) < NOISE ? this.#noise(bytes, at, end) : this.#text(bytes, at, end);
    }
    return bytes;
  }

  #noise(bytes: Buffer, start: number, end: number): number {
    for (let at = start; at < end; at++) bytes[at] = this.random.below(256);
    return end;
  }

  #text(bytes: Buffer, start: number, end: number): number {
    for (let at = start; at < end; ) {
      const word = this.#words[this.random.below(WORDS)]!;
      for (let i = 0; i < word.length && at < end; i++) bytes[at++] = word[i]!;
    }
    return end;
  }
}
