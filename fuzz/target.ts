/** What is fuzzed: an entry to the product, the inputs it starts from, and what may come out of it. */
import type { Random } from '../test/support/random.js';
import type { Edit } from './input.js';
import type { Rules } from './rules.js';

export interface Target {
  readonly name: string;
  /** its part of all executions, beside those of the others */
  readonly share: number;
  /** whether damage may cause this error; anything else that is thrown is a finding */
  allows(error: unknown): boolean;
  /** Those named alone, where a name is given. They are made once for many executions. */
  bases(name?: string): Promise<readonly Base[]>;
}

/** An input without damage. */
export interface Base {
  readonly name: string;
  /** no Buffer, whose slice() is no copy; changed in place while an input runs */
  readonly bytes: Uint8Array;
  /** executions of it take much longer than those of others: it is taken less often */
  readonly isSlow?: boolean;
  /** One change of it. */
  edit(random: Random): Edit;
  /** What makes checksums right again that the edits made wrong; `bytes` have the edits. */
  mend?(bytes: Uint8Array, edits: readonly Edit[]): Edit | undefined;
  /** What is done with an input, each operation by `rules`; `bytes` have the edits. */
  run(bytes: Uint8Array, edits: readonly Edit[], rules: Rules): void | Promise<void>;
}
