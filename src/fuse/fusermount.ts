/** The setuid program through which a plain user mounts and unmounts. */
import { type ProgramOptions, type ProgramResult, runProgram } from '../system/program.js';
import { MountError } from './transport.js';

/** A value as fusermount3 and libfuse take it in a list: a backslash before each comma and backslash. */
export function escapeOption(value: string): string {
  return value.replaceAll(/[\\,]/g, '\\$&');
}

/** FUSE 3 installs the first, FUSE 2 the second. */
const NAMES = ['fusermount3', 'fusermount'];

/** Rejects with MountError 'no-fusermount'. */
export async function runFusermount(
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  let obstacle = 'is not installed; install the package fuse3 (apt install fuse3), or be root';
  for (const program of NAMES) {
    try {
      return await runProgram(program, args, options);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES') {
        obstacle = `this user may not run; join the group of ${program}, or be root`;
      } else if (code !== 'ENOENT') {
        throw error;
      }
    }
  }
  throw new MountError(
    'no-fusermount',
    `a plain user mounts and unmounts through fusermount3, which ${obstacle}`,
  );
}
