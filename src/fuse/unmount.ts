/**
 * The ways to end a mount from outside of it.
 *
 * LAW: none of them touches the mounted file system, whose server may hang or have died. Root calls umount2(2), or
 * umount(8) where koffi is missing; a plain user calls fusermount3.
 */
import { mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mount, UnmountFlag, umount2 } from '../system/libc.js';
import { type ProgramResult, runProgram } from '../system/program.js';
import { runFusermount } from './fusermount.js';
import { mountAt } from './mountinfo.js';
import { MountError } from './transport.js';

export interface DetachOptions {
  /** take the mount out of the tree at once; it lives on until its last user lets go */
  readonly lazy: boolean;
}

/**
 * Takes the topmost mount off `mountpoint` (absolute, as the mount table shows it).
 * Rejects with MountError 'busy', 'not-mounted', 'no-permission', or 'no-fusermount' for a plain user.
 */
export async function detach(mountpoint: string, { lazy }: DetachOptions): Promise<void> {
  if (process.platform !== 'linux') {
    await detachBy('umount', lazy ? ['-f', mountpoint] : [mountpoint], mountpoint);
  } else if (process.geteuid?.() !== 0) {
    requireSuccess(await runFusermount([lazy ? '-uz' : '-u', '--', mountpoint]), mountpoint);
  } else {
    await detachAsRoot(mountpoint, lazy);
  }
}

async function detachAsRoot(mountpoint: string, lazy: boolean): Promise<void> {
  try {
    umount2(mountpoint, UnmountFlag.noFollow | (lazy ? UnmountFlag.detach : 0));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'no-native-package') {
      await detachBy('umount', ['-i', ...(lazy ? ['-l'] : []), '--', mountpoint], mountpoint);
      return;
    }
    throw explain(mountpoint, message, error);
  }
}

async function detachBy(program: string, args: readonly string[], mountpoint: string): Promise<void> {
  requireSuccess(await runProgram(program, args), mountpoint);
}

function requireSuccess({ success, complaint }: ProgramResult, mountpoint: string): void {
  if (!success) throw explain(mountpoint, complaint);
}

function explain(mountpoint: string, said: string, cause?: unknown): MountError {
  const options = cause === undefined ? {} : { cause };
  if (/busy/i.test(said)) {
    return new MountError(
      'busy',
      `${mountpoint} is in use; end what uses it, or detach it with --lazy`,
      options,
    );
  }
  if (mountAt(mountpoint) === undefined) {
    return new MountError('not-mounted', `nothing is mounted on ${mountpoint} (${said})`, options);
  }
  return new MountError(
    'no-permission',
    `${mountpoint} cannot be unmounted by this user (${said}); unmount it as root or as the user who mounted it`,
    options,
  );
}

const CONNECTIONS = '/sys/fs/fuse/connections';

/**
 * Ends a FUSE connection at once: whoever waits for its server gets an error, and the server's read says ENODEV.
 * `minor` is that of the mount's st_dev. Root, or the user who mounted it.
 * Throws MountError 'not-mounted', or 'no-permission', also where the control file system is not to be had.
 */
export function abortConnection(minor: number): void {
  withControl(minor, (directory) => abortThrough(directory, minor));
}

/** How many requests of a FUSE connection have no answer, read or not. undefined where that is not to be known. */
export function waitingCount(minor: number): number | undefined {
  try {
    return withControl(minor, (directory) =>
      Number(readFileSync(join(directory, `${minor}`, 'waiting'), 'utf8')),
    );
  } catch {
    return undefined;
  }
}

function withControl<T>(minor: number, act: (directory: string) => T): T {
  if (isControlMounted()) return act(CONNECTIONS);
  // It belongs at CONNECTIONS, but containers and small systems have none: a private one for this once.
  const directory = mkdtempSync(join(tmpdir(), 'fusectl-'));
  try {
    mountControl(directory, minor);
    try {
      return act(directory);
    } finally {
      umount2(directory, UnmountFlag.noFollow | UnmountFlag.detach);
    }
  } finally {
    rmdirSync(directory);
  }
}

function isControlMounted(): boolean {
  return mountAt(CONNECTIONS)?.type === 'fusectl';
}

function mountControl(directory: string, minor: number): void {
  try {
    mount('fusectl', directory, 'fusectl', 0, '');
  } catch (cause) {
    throw new MountError(
      'no-permission',
      `ending FUSE connection ${minor}: fusectl is not mounted (${(cause as Error).message}); ` +
        `as root: mount -t fusectl fusectl ${CONNECTIONS}`,
      { cause },
    );
  }
}

function abortThrough(directory: string, minor: number): void {
  try {
    writeFileSync(join(directory, `${minor}`, 'abort'), '1');
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new MountError('not-mounted', `ending FUSE connection ${minor}: there is none of that number`, {
        cause,
      });
    }
    throw new MountError(
      'no-permission',
      `ending FUSE connection ${minor}: ${code}; it takes root or the user who mounted it`,
      { cause },
    );
  }
}
