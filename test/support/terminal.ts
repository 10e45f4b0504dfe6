/** `erofs` on a pseudo-terminal of its own, by script(1) of util-linux. */

import { command } from './paths.js';
import { type Ended, type RunOptions, run } from './run.js';

export interface OnTerminal extends RunOptions {
  /** standard output goes there, and not to the terminal */
  readonly into?: string;
}

/** For a shell, which script(1) calls. */
const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** `stdout` of the result is what came to the terminal; standard output and standard error are not told apart. */
export function erofsOnTerminal(
  parameters: readonly string[],
  { into, environment, ...options }: OnTerminal = {},
): Promise<Ended> {
  const line = [process.execPath, command, ...parameters].map(quoted).join(' ');
  const redirected = into === undefined ? line : `${line} > ${quoted(into)}`;
  const script = ['script', '--quiet', '--return', '--command', redirected, '/dev/null'];
  // what whoever runs the tests prefers is not what is tested
  return run('env', ['-u', 'NO_COLOR', '-u', 'FORCE_COLOR', ...assignments(environment), ...script], options);
}

const assignments = (environment: Readonly<Record<string, string>> = {}): string[] =>
  Object.entries({ TERM: 'xterm', ...environment }).map(([name, value]) => `${name}=${value}`);

/** What stands on the terminal in the end, line by line: of what was written over or erased nothing is left. */
export function screen(output: string): string[] {
  return output.split(/\r?\n/).map((line) => line.split(ERASED).at(-1)!);
}

/** The cursor to the first column, and the line erased. */
export const ERASED = '\u001b[1G\u001b[2K';
