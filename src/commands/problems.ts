/** Problems that a command goes on after: each is a line on stderr, and all together make it exit 1. */
import { describe } from './failure.js';
import { clearProgress } from './progress.js';
import { quoteName } from './quote.js';

export class Problems {
  readonly #command: string;
  readonly #isQuiet: boolean;
  readonly #print: (line: string) => void;
  #count = 0;

  /** `command` begins every line, such as "erofs ls"; `isQuiet` leaves out notes; `print` takes lines without their newline. */
  constructor(command: string, isQuiet = false, print: (line: string) => void = printToStderr) {
    this.#command = command;
    this.#isQuiet = isQuiet;
    this.#print = print;
  }

  get count(): number {
    return this.#count;
  }

  /** Something went wrong with `path`. */
  at(path: Uint8Array, error: unknown): void {
    this.#count++;
    this.#print(`${this.#command}: ${quoteName(path)}: ${describe(error)}`);
  }

  /** Something went wrong; the message says with what. */
  add(error: unknown): void {
    this.#count++;
    this.#print(`${this.#command}: ${describe(error)}`);
  }

  /** What was met on the way, see ProblemReport. */
  report(problem: Error): void {
    if (typeof (problem as NodeJS.ErrnoException).code === 'string') this.add(problem);
    else this.note(problem.message);
  }

  /** A line for people that is no problem, and not for those who want quiet. */
  note(message: string): void {
    if (!this.#isQuiet) this.warn(message);
  }

  /** A line that is no problem, and that everybody should see. */
  warn(message: string): void {
    this.#print(`${this.#command}: ${message}`);
  }
}

function printToStderr(line: string): void {
  clearProgress();
  process.stderr.write(`${line}\n`);
}
