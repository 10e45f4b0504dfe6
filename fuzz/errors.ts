/** What the fuzzer itself fails with, by a stable code. */
export type FuzzErrorCode =
  /** a word of the command line, or an input that is none */
  | 'usage'
  /** a thread that ended before its work did, and not because of an input */
  | 'thread-failed';

export class FuzzError extends Error {
  override readonly name = 'FuzzError';
  readonly code: FuzzErrorCode;

  constructor(code: FuzzErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
