/** One round of a soak: everything is listed, stat'ed and read, and then the kernel forgets it. */
import { run } from '../measure/program.js';

/** Seconds; a busy machine may freeze what runs in its background. */
const LIMIT = 1800;

export interface Round {
  /** names that were listed */
  readonly names: number;
  readonly seconds: number;
}

/** `checksums`: a file as sha256sum takes it. Throws BenchError where a program fails: wrong bytes, an error, a mount that has gone. */
export async function soakRound(mountpoint: string, checksums: string): Promise<Round> {
  const started = performance.now();
  const { stdout } = await run('find', [mountpoint, '-printf', '%s %m %T@\\n'], { limit: LIMIT });
  const names = stdout.split('\n').length - 1;
  await run('sha256sum', ['--quiet', '--check', checksums], { cwd: mountpoint, limit: LIMIT });
  return { names, seconds: (performance.now() - started) / 1000 };
}

/**
 * Of this mount alone, so that nobody else on the machine has to read anew: a remount lets go of the names and inodes that nobody
 * uses, each with a FORGET, and with the inodes their pages. For root.
 */
export async function forget(mountpoint: string): Promise<void> {
  await run('mount', ['-i', '-o', 'remount,ro', mountpoint]);
}
