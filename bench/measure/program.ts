/** Starts programs and waits for them, never beyond a limit. Argument arrays only; locale C. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError } from '../errors.js';

export interface RunOptions {
  /** seconds, then its process group is killed; 600 unless given */
  readonly limit?: number;
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** drop what it prints; otherwise it is given back */
  readonly discard?: boolean;
}

export interface Done {
  readonly stdout: string;
  /** from the start to the exit */
  readonly seconds: number;
}

const DEFAULT_LIMIT = 600;
/** Only the end of what a program complains about is shown. */
const LONGEST_COMPLAINT = 1000;
/** Milliseconds that output may stay open after the exit: a daemon may hold it for as long as it lives. */
const OUTPUT_PATIENCE = 2000;

/** Takes all that is written. tar(1) reads no file at all where its output is /dev/null. */
const SINK = '/dev/zero';

/** Throws BenchError 'program-failed' or 'took-too-long'. What it leaves in the background goes on. */
export async function run(
  program: string,
  parameters: readonly string[],
  options: RunOptions = {},
): Promise<Done> {
  const { limit = DEFAULT_LIMIT, discard = false } = options;
  const line = [program, ...parameters].join(' ');
  const sink = discard ? openSync(SINK, 'w') : undefined;
  const started = performance.now();
  const child = spawn(program, parameters, {
    detached: true,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    env: environment(options.environment),
    stdio: ['ignore', sink ?? 'pipe', 'pipe'],
  });
  if (sink !== undefined) closeSync(sink);
  const stdout: Buffer[] = [];
  let complaint = '';
  child.stdout?.on('data', (bytes: Buffer) => stdout.push(bytes));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-LONGEST_COMPLAINT);
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  const failure = await exit(child, line, limit);
  const seconds = (performance.now() - started) / 1000;
  const patience = new AbortController();
  await Promise.race([closed, sleep(OUTPUT_PATIENCE, undefined, patience).catch(() => {})]);
  patience.abort();
  child.stdout?.destroy();
  child.stderr!.destroy();
  if (failure !== undefined) {
    const said = complaint.trim().replaceAll(/\s*\n\s*/g, '; ');
    throw said === '' ? failure : new BenchError(failure.code, `${failure.message}: ${said}`);
  }
  return { stdout: Buffer.concat(stdout).toString('utf8'), seconds };
}

/** Why it did not end well; undefined where it did. Kills its process group after `limit` seconds. */
function exit(child: ChildProcess, line: string, limit: number): Promise<BenchError | undefined> {
  return new Promise((resolve) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      killGroup(child);
    }, limit * 1000);
    const settle = (code: 'program-failed' | 'took-too-long', how: string | undefined): void => {
      clearTimeout(timer);
      resolve(how === undefined ? undefined : new BenchError(code, `${line}: ${how}`));
    };
    child.once('error', (error) => settle('program-failed', error.message));
    child.once('exit', (status, signal) => {
      if (isLate) settle('took-too-long', `did not end within ${limit} s, so it was killed`);
      else if (status === 0) settle('program-failed', undefined);
      else settle('program-failed', signal === null ? `exit ${status}` : `ended by ${signal}`);
    });
  });
}

export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...own } = process.env;
  return { ...own, LC_ALL: 'C', ...more };
}

/** The first line with `pattern` that a program prints, whatever its exit, or its name; undefined where there is no such program. */
export function lineOf(
  program: string,
  parameters: readonly string[],
  pattern: RegExp = /\d/,
): string | undefined {
  const { error, stdout, stderr } = spawnSync(program, parameters, {
    encoding: 'utf8',
    env: environment(),
    timeout: 10_000,
  });
  if (error !== undefined) return undefined;
  return (
    `${stdout}\n${stderr}`
      .split('\n')
      .find((line) => pattern.test(line))
      ?.trim() ?? program
  );
}
