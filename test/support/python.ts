/** The Python programs of the suites, which observe mounts from a foreign process. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describeRun, type RunOptions, run } from './run.js';

/** The system's own before one of PATH, which may lie in a folder that a plain user cannot enter. */
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

export const noPython: string | undefined =
  spawnSync(python, ['--version']).status === 0 ? undefined : 'needs python3';

/** Runs a program that prints one JSON document, without leaving its modules compiled behind. Throws with what it said where it fails. */
export async function observe<T>(
  path: string,
  parameters: readonly string[],
  options: RunOptions = {},
): Promise<T> {
  const ended = await run(python, ['-B', path, ...parameters], { limit: 120, ...options });
  if (ended.status !== 0) throw new Error(`${path} ${parameters.join(' ')}: ${describeRun(ended)}`);
  return JSON.parse(ended.stdout) as T;
}

export const pythonWords = (path: string, ...parameters: string[]): [string, string[]] => [
  python,
  [path, ...parameters],
];
