/**
 * What other threads have read of a blob, for the one that fetches ahead of them: of who finds everything here it would see nothing, and
 * let him come to the end of what it has fetched.
 *
 * LAW: notes are hints. The last ones stay, one that is overwritten while it is read harms nobody.
 */

/** A reader is followed from one of its requests to the next: so many come between two looks at most. */
const NOTES = 64;
/** words: how many were ever made; then first and end of each */
const FIRST = 1;
const WORDS = 2;

/** ECMAScript 2024, which Node has had since 16. */
interface AsyncAtomics {
  waitAsync(words: Int32Array, at: number, value: number): { readonly value: unknown };
}

export class ReadNotes {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  #seen: number;
  #last = -1;

  /** `memory`: of another ReadNotes of the blob; its own unless given. */
  constructor(memory = new SharedArrayBuffer((FIRST + NOTES * WORDS) * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#seen = Atomics.load(this.#words, 0);
  }

  /** Chunks first .. end were read here; again the same ones are not noted. */
  add(first: number, end: number): void {
    if (end === this.#last) return;
    this.#last = end;
    const at = FIRST + (Atomics.add(this.#words, 0, 1) % NOTES) * WORDS;
    this.#words[at] = first;
    this.#words[at + 1] = end;
    Atomics.notify(this.#words, 0);
  }

  /** Settles when there is something to take, or wake() was called. A process does not go on for it. */
  async more(): Promise<void> {
    await (Atomics as unknown as AsyncAtomics).waitAsync(this.#words, 0, this.#seen).value;
  }

  wake(): void {
    Atomics.notify(this.#words, 0);
  }

  /** Tells of what was noted since the last call, the oldest first. */
  take(told: (first: number, end: number) => void): void {
    const count = Atomics.load(this.#words, 0);
    for (let note = Math.max(this.#seen, count - NOTES); note < count; note++) {
      const at = FIRST + (note % NOTES) * WORDS;
      told(this.#words[at]!, this.#words[at + 1]!);
    }
    this.#seen = count;
  }
}
