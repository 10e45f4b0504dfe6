/**
 * Problems of requests as log records, at most one for each kind of problem of each node, or of the image: a program that reads a
 * damaged file again and again must not fill the disk.
 */

/** `nid` and `offset` are where the problem is in the image, as far as it is known. */
export interface ProblemRecord {
  readonly operation: string;
  readonly nid?: number | undefined;
  readonly offset?: number | undefined;
  readonly device?: number | undefined;
  readonly code?: string | undefined;
  readonly errno?: number | undefined;
}

/** The last problem that was told of this mount, and when: milliseconds since 1970. */
export interface ToldProblem {
  readonly time: number;
  readonly record: ProblemRecord;
  readonly message: string;
}

let last: ToldProblem | undefined;

/** Of this thread; undefined where there was none. */
export const lastProblem = (): ToldProblem | undefined => last;

/** Tells as `write` does, and remembers it. What has neither code nor errno is no problem, only something to know. */
export function remembered(
  write: (record: ProblemRecord, message: string) => void,
): (record: ProblemRecord, message: string) => void {
  return (record, message) => {
    if (record.code !== undefined || record.errno !== undefined) last = { time: Date.now(), record, message };
    write(record, message);
  };
}

/** What may be remembered as told; after that it all may be told once more. */
const REMEMBERED = 1024;

export class ProblemLog {
  readonly #write: (record: ProblemRecord, message: string) => void;
  readonly #told = new Set<string>();

  constructor(write: (record: ProblemRecord, message: string) => void) {
    this.#write = write;
  }

  /** What `problem` says of itself in the fields `nid`, `offset`, `device` and `code` goes before `circumstances`. */
  report(circumstances: ProblemRecord, problem: Error): void {
    const { nid = circumstances.nid, offset, device, code } = problem as Error & Partial<ProblemRecord>;
    // all of the image is another one
    const key = code === 'stale' ? problem.message : `${nid} ${code} ${circumstances.operation}`;
    if (this.#told.has(key)) return;
    if (this.#told.size >= REMEMBERED) this.#told.clear();
    this.#told.add(key);
    this.#write({ ...circumstances, nid, offset, device, code }, problem.message);
  }
}
