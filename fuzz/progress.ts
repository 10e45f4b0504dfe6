/**
 * What a thread is doing, in memory that it shares with who watches it: a thread that never ends an execution can tell nobody
 * which one it was.
 */
const LONGEST_INPUT = 64 << 10;
const HEADER_SIZE = 8;
/** of the numbers before the text */
const COUNT = 0;
const LENGTH = 1;

export class Progress {
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #text: Buffer;

  constructor(memory = new SharedArrayBuffer(HEADER_SIZE + LONGEST_INPUT)) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory, 0, 2);
    this.#text = Buffer.from(memory, HEADER_SIZE);
  }

  /** Before the input is run. */
  begin(input: string): void {
    this.#numbers[LENGTH] = this.#text.write(input, 'latin1');
    Atomics.add(this.#numbers, COUNT, 1);
  }

  /** Inputs that were begun; it wraps. */
  get count(): number {
    return Atomics.load(this.#numbers, COUNT);
  }

  /** The one that was begun last. */
  get input(): string {
    return this.#text.toString('latin1', 0, this.#numbers[LENGTH]);
  }
}
