/** Runs one of the system's programs: no shell, no input, messages in English, found in root's places as well. */
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';

/** What became of a program. */
export interface ProgramResult {
  readonly success: boolean;
  /** what it wrote to stderr on one line, or how it ended where it wrote nothing */
  readonly complaint: string;
  /** what it wrote to stdout, where that was wanted */
  readonly output: string;
}

export interface ProgramOptions {
  /** what the program finds as its descriptor 3 */
  readonly descriptor?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** otherwise nobody listens to its stdout */
  readonly withOutput?: boolean;
}

/** A program that asks a file system that hangs does not come back. */
const PATIENCE_MS = 30_000;

/** Services and daemons are often started without a PATH, and a user's has no /sbin. */
const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Rejects with code ENOENT where there is no such program, EACCES where this user may not run it. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const path = searchPath();
  const file = findProgram(program, path);
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: { ...process.env, LC_ALL: 'C', PATH: path, ...options.environment },
      stdio: ['ignore', options.withOutput ? 'pipe' : 'ignore', 'pipe', options.descriptor ?? 'ignore'],
      // Out of this process's group: what interrupts a command must not interrupt its clearing up.
      detached: true,
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    let written = '';
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      written += text;
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      const ending = signal === null ? `it ended with status ${status}` : `it was ended by ${signal}`;
      const complaint = written.trim().replaceAll(/\s*\n\s*/g, '; ') || ending;
      resolve({ success: status === 0, complaint, output });
    });
  });
}

function searchPath(): string {
  return process.env.PATH ? `${process.env.PATH}:${SYSTEM_PATH}` : SYSTEM_PATH;
}

/**
 * The file that runProgram() would run. Throws an error with code ENOENT or EACCES as that does.
 * execvp(3) says EACCES also for a program that is nowhere, where a folder of PATH may not be entered.
 */
export function findProgram(program: string, path = searchPath()): string {
  if (program.includes('/')) return program;
  const places = path.split(':').map((folder) => join(folder, program));
  const found = places.find(isExecutable);
  if (found !== undefined) return found;
  const forbidden = places.find((place) => existsSync(place));
  throw forbidden === undefined
    ? Object.assign(new Error(`${program} is not installed`), { code: 'ENOENT' })
    : Object.assign(new Error(`${forbidden} may not be run by this user`), { code: 'EACCES' });
}

function isExecutable(place: string): boolean {
  try {
    accessSync(place, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
