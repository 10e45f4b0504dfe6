/** The one place that turns an error into the one line and the exit code that a user sees. */
import { getSystemErrorMap } from 'node:util';
import { clearProgress } from './progress.js';

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** The command line says something that no command understands; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
}

/**
 * Writes `erofs COMMAND: message` to stderr and returns the exit code. EROFSJS_DEBUG=1 adds the stack. `more` is what there is to
 * add to a message about wrong usage.
 */
export function reportFailure(
  command: string,
  error: unknown,
  more: (message: string) => string = () => '',
): number {
  const usage = isUsage(error);
  const pointer = usage ? `; see '${command} --help'` : '';
  const message = describe(error);
  const addition = usage ? more(message) : '';
  clearProgress();
  process.stderr.write(`${command}: ${oneLine(message)}${addition}${pointer}\n`);
  if (process.env.EROFSJS_DEBUG === '1' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return usage ? EXIT_USAGE : EXIT_FAILED;
}

/** Code 'usage', or a YError: what yargs finds wrong itself. */
export function isUsage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (error as NodeJS.ErrnoException).code === 'usage' || error.name === 'YError';
}

/** What is wrong and what to do, without the prefix. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return `internal error: ${String(error)}; please report it`;
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' && !isUsage(error)) {
    return `internal error: ${error.message}; please report it with the output of EROFSJS_DEBUG=1`;
  }
  // node's own wording starts with the code: "ENOENT: no such file or directory, open '/x'"
  if (typeof code === 'string' && syscall !== undefined && error.message.startsWith(`${code}: `)) {
    const meaning = systemMessage(error as NodeJS.ErrnoException);
    const remedy = REMEDIES[code];
    return `${path ?? syscall}: ${meaning} (${syscall}: ${code})${remedy === undefined ? '' : `; ${remedy}`}`;
  }
  return error.message;
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'check the path',
  ENOTDIR: 'check the path: a part of it is no directory',
  EISDIR: 'name a file, not a directory',
  EACCES: 'you may not use it: check its owner and mode and those of the directories above, or become root',
  EPERM: 'become root',
  EROFS: 'choose a place that can be written to',
  ENOSPC: 'make room, or choose another place',
  EMFILE: 'raise the limit of open files: ulimit -n',
  ENOTCONN: 'the server of this mount has died; clean it with: erofs umount DIR',
};

function systemMessage(error: NodeJS.ErrnoException): string {
  const known = error.errno === undefined ? undefined : getSystemErrorMap().get(error.errno);
  return known?.[1] ?? error.message;
}

function oneLine(message: string): string {
  return message.replace(/\s*\n\s*/g, ' ');
}
