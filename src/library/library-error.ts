/** What is wrong with how the library is called. */
export class LibraryError extends Error {
  override readonly name = 'LibraryError';
  readonly code: 'closed' | 'not-utf8' | 'usage';

  constructor(code: LibraryError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
