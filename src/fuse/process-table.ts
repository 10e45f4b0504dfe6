/** Looking through /proc (Linux only), where processes end and hide while one looks. */
import { readdirSync, readFileSync } from 'node:fs';

/** Ids of all processes that this one can see, rising. Empty on systems without /proc. */
export function processIds(): number[] {
  if (process.platform !== 'linux') return [];
  const ids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return ids.sort((left, right) => left - right);
}

/** undefined for what belongs to another user, or to a process that has just ended; that is no failure here. */
export function ifVisible<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return undefined;
    throw error;
  }
}

/** The value of `field` in any of a process's fdinfo files satisfies `accept` (proc_pid_fdinfo(5)). */
export function anyDescriptor(pid: number, field: RegExp, accept: (value: string) => boolean): boolean {
  const directory = `/proc/${pid}/fdinfo`;
  const descriptors = ifVisible(() => readdirSync(directory)) ?? [];
  return descriptors.some((descriptor) => {
    const info = ifVisible(() => readFileSync(`${directory}/${descriptor}`, 'latin1'));
    const value = info === undefined ? undefined : field.exec(info)?.[1];
    return value !== undefined && accept(value);
  });
}

/** Command name, at most 15 bytes (proc_pid_comm(5)); "?" where the process has ended. */
export function commandName(pid: number): string {
  return ifVisible(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd()) ?? '?';
}

export function isRunning(pid: number): boolean {
  const state = ifVisible(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  // a zombie has ended; only its parent has not asked yet
  return state !== undefined && !/\) [ZX] /.test(state);
}
