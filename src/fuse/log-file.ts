/** Where a daemon's log goes, and opening it. */
import { constants, openSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { makeDirectories } from '../system/directories.js';

/** /var/log/erofsjs/NAME.log for root, $XDG_STATE_HOME/erofsjs/NAME.log for others; NAME is the mountpoint. */
export function defaultLogFile(mountpoint: string): string {
  // a file name holds 255 bytes; the end of a path tells more than its start
  const name = mountpoint.slice(1).replaceAll('/', '-').slice(-80) || 'root';
  return join(logDirectory(), `${name}.log`);
}

/** Where logs go unless a file is chosen; it need not exist. */
export function logDirectory(): string {
  if (process.geteuid?.() === 0) return '/var/log/erofsjs';
  const state = process.env.XDG_STATE_HOME;
  // the XDG base directory specification: a relative path is to be ignored
  return join(state?.startsWith('/') === true ? state : join(homedir(), '.local', 'state'), 'erofsjs');
}

export interface LogFile {
  /** absolute; undefined where the default place cannot be written to and nothing is logged */
  readonly path: string | undefined;
  readonly descriptor: number;
}

/**
 * Opens `chosen`, or the default file, for appending. Throws the system's error for a file that the user chose;
 * the default gives way to /dev/null, and `say` tells.
 */
export function openLogFile(
  mountpoint: string,
  chosen: string | undefined,
  say: (line: string) => void,
): LogFile {
  if (chosen !== undefined) return openForAppending(resolve(chosen));
  const path = defaultLogFile(mountpoint);
  try {
    makeDirectories(dirname(path), 0o755);
    return openForAppending(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    say(`no log is kept: ${path} cannot be written to (${code}); choose another file with --log-file`);
    return { path: undefined, descriptor: openSync('/dev/null', 'a') };
  }
}

/**
 * For its owner alone, as paths and hosts are nobody else's business. A link in its place is refused: whoever else may write to the
 * folder could have our lines written into a file of ours. A fifo would have the daemon wait for a reader. Throws the system's error.
 */
export function openForAppending(path: string): LogFile {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
  const careful = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
  try {
    return { path, descriptor: openSync(path, flags | careful, 0o600) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOOP') throw error;
    const message = `the log file ${path} is a symbolic link, which is not followed; name the file that it leads to`;
    throw Object.assign(new Error(message, { cause: error }), { code: 'ELOOP' });
  }
}
