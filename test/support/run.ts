/** Runs a program to its end in a process group of its own, as root or as a plain user, never longer than its limit. */
import { type ChildProcess, spawn } from 'node:child_process';
import { command } from './paths.js';
import { type User, withUser } from './user.js';

export interface RunOptions {
  readonly user?: User;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
  /** after so many seconds the process group is killed and `timedOut` set; 60 unless given */
  readonly limit?: number;
}

export interface Ended {
  /** undefined where a signal ended it, or where it could not be started */
  readonly status: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** the program has ended, and something that it started still holds its output open */
  readonly outputHeld: boolean;
}

/** How long output may stay open after the end of its program. */
const outputLimit = 5;

/** Never rejects: what went wrong stands in the result. Only `outputLimit` passes where output stays open. */
export async function run(
  program: string,
  parameters: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const child = start(program, parameters, options);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (bytes: Buffer) => stdout.push(bytes));
  child.stderr?.on('data', (bytes: Buffer) => stderr.push(bytes));
  child.stdin?.on('error', () => {}); // a program may end without reading its input
  child.stdin?.end(options.input ?? '');
  let timedOut = false;
  const limit = setTimeout(
    () => {
      timedOut = true;
      killGroup(child);
    },
    (options.limit ?? 60) * 1000,
  );
  const closed = new Promise<boolean>((resolve) => child.once('close', () => resolve(true)));
  const ended = await new Promise<{ status?: number; signal?: NodeJS.Signals }>((resolve) => {
    child.once('error', (error) => {
      stderr.push(Buffer.from(`${program}: ${error.message}`));
      resolve({});
    });
    child.once('exit', (status, signal) =>
      resolve({ ...(status !== null && { status }), ...(signal !== null && { signal }) }),
    );
  });
  clearTimeout(limit);
  const isClosed = await Promise.race([closed, after(outputLimit)]);
  if (!isClosed) {
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
  return {
    status: ended.status,
    signal: ended.signal,
    stdout: Buffer.concat(stdout).toString('utf8'),
    stderr: Buffer.concat(stderr).toString('utf8'),
    timedOut,
    outputHeld: !isClosed,
  };
}

/** Starts a program that the caller ends; its output is piped, its process group its own. */
export function start(
  program: string,
  parameters: readonly string[],
  options: RunOptions = {},
): ChildProcess {
  const { words, environment } = withUser([program, ...parameters], options.user ?? 'self');
  return spawn(words[0]!, words.slice(1), {
    detached: true,
    cwd: options.cwd ?? '/',
    env: { ...environment, ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** `erofs PARAMETERS...` as this build has it. */
export const erofs = (parameters: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  run(process.execPath, [command, ...parameters], options);

/** One line for assertions: what a run did that it should not have done. */
export const describeRun = (ended: Ended): string =>
  [
    ended.timedOut ? 'killed at its time limit' : `exit ${ended.status ?? ended.signal ?? 'not started'}`,
    ended.outputHeld ? 'its output is still held open' : '',
    ended.stderr.trim(),
  ]
    .filter(Boolean)
    .join(': ');

export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const after = (seconds: number): Promise<boolean> =>
  new Promise((resolve) => setTimeout(() => resolve(false), seconds * 1000).unref());
