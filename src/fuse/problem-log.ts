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
