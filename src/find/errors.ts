/** A predicate whose value makes no sense; `message` names its option. */
export class FindError extends Error {
  override readonly name = 'FindError';
  readonly code = 'usage';

  constructor(option: string, value: string, expected: string) {
    super(`--${option} ${value}: expected ${expected}`);
  }
}
