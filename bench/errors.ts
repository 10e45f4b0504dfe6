/** What the benchmarks fail with, by a stable code. */
export type BenchErrorCode =
  /** a word of the command line */
  | 'usage'
  /** a program that was started said no */
  | 'program-failed'
  /** a program or a wait went beyond its time limit */
  | 'took-too-long'
  /** something did other work than it was measured for */
  | 'wrong-answer'
  /** --compare: no report of this program */
  | 'bad-report';

export class BenchError extends Error {
  override readonly name = 'BenchError';
  readonly code: BenchErrorCode;

  constructor(code: BenchErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
