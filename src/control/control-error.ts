/**
 * What people ask a mount, while it serves.
 *
 * LAW of this room: it tells what a mount does and never touches what is mounted. Every question is answered in bounded time and
 * memory, or given up; a mount serves just as well where nobody can ask it.
 */

/**
 * - `unsafe-directory`  somebody else could put a socket where those of this user are
 * - `no-socket`         a socket or port cannot be listened on
 * - `no-answer`         who serves the mount does not answer in time
 * - `gone`              nobody listens any more
 * - `refused`           the answer is no answer to what was asked
 */
export type ControlErrorCode = 'unsafe-directory' | 'no-socket' | 'no-answer' | 'gone' | 'refused';

export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
