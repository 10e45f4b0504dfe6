/** SIGHUP: after a log was renamed (logrotate), what is logged goes to a new file of its old name. */
import { closeSync } from 'node:fs';
import type { Log } from '../log/log-events.js';
import { replaceDescriptor } from '../system/libc.js';
import { openForAppending } from './log-file.js';

/** stdout and stderr, a daemon's log */
export const STANDARD: readonly number[] = [1, 2];

/** Where a log goes: its file by name, where it has one, and the descriptors that lead there. */
export interface LogPlace {
  readonly path: string | undefined;
  readonly descriptors: readonly number[];
}

/** The descriptors keep their numbers, so that all who write follow. Where the log is no file by name, nothing is done. */
export function reopenLogOnHangup(
  { path, descriptors }: LogPlace,
  log: Log,
  after: () => void = () => {},
): void {
  process.on('SIGHUP', () => {
    if (path === undefined)
      log.info({ event: 'log-not-reopened' }, 'SIGHUP: there is no log file to open anew');
    else reopen(path, descriptors, log);
    after();
  });
}

function reopen(path: string, descriptors: readonly number[], log: Log): void {
  try {
    const { descriptor } = openForAppending(path);
    try {
      for (const ours of descriptors) replaceDescriptor(descriptor, ours);
    } finally {
      closeSync(descriptor);
    }
    log.info({ event: 'log-reopened', path }, 'SIGHUP: the log file was opened anew');
  } catch (error) {
    log.error(
      { event: 'log-not-reopened', path, reason: (error as Error).message },
      'SIGHUP: the log file stays the old one',
    );
  }
}
