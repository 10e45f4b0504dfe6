/** What is wrong with where a browser gets the bytes from. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  /** 'no-ranges': the server gives whole files alone; 'stale': the bytes are no longer those that were opened */
  readonly code: 'no-ranges' | 'stale' | 'refused' | 'unreachable' | 'io';

  constructor(code: SourceError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
