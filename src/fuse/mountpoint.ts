/**
 * From what the user typed to the path that the mount table shows.
 *
 * LAW: a mountpoint whose server has died or hangs is found without a system call on it. Everything else is
 * asked asynchronously and with a time limit, because a directory above may be such a mount as well.
 */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type MountEntry, mountAt } from './mountinfo.js';
import { MountError } from './transport.js';

const PATIENCE_MS = 10_000;

/** Absolute and free of symbolic links. Throws MountError 'mountpoint-missing' or 'timeout'. */
export async function resolveMountpoint(directory: string): Promise<string> {
  const absolute = resolve(directory);
  if (mountAt(absolute) !== undefined) return absolute;
  const inResolvedParent = join(await resolvePath(dirname(absolute), directory), basename(absolute));
  if (mountAt(inResolvedParent) !== undefined) return inResolvedParent;
  return resolvePath(inResolvedParent, directory);
}

/** The mount on what is named, where that is a mountpoint; undefined for any other path, and for what is none. Throws MountError 'timeout'. */
export async function mountNamed(reference: string): Promise<MountEntry | undefined> {
  try {
    return mountAt(await resolveMountpoint(reference));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (NO_PATH.has(code)) return undefined;
    throw error;
  }
}

const NO_PATH = new Set(['mountpoint-missing', 'mountpoint-not-directory']);

/**
 * st_dev of a resolved mountpoint before anything is mounted there.
 * Throws MountError 'mountpoint-missing', 'mountpoint-not-directory' or 'timeout'.
 */
export async function checkMountpoint(mountpoint: string): Promise<number> {
  const found = await inTime(stat(mountpoint), mountpoint).catch((error) => {
    throw explain(error, mountpoint);
  });
  if (found.isDirectory()) return found.dev;
  throw new MountError(
    'mountpoint-not-directory',
    `the mountpoint ${mountpoint} is not a directory; name an existing directory`,
  );
}

async function resolvePath(path: string, asTyped: string): Promise<string> {
  return inTime(realpath(path), path).catch((error) => {
    throw explain(error, asTyped);
  });
}

/** Rejects with MountError 'timeout' where the file system below does not answer. */
export async function inTime<T>(answer: Promise<T>, path: string, milliseconds = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const seconds = milliseconds / 1000;
      reject(
        new MountError(
          'timeout',
          `${path}: no answer within ${seconds} s; the file system it is on may hang`,
        ),
      );
    }, milliseconds);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function explain(error: NodeJS.ErrnoException, mountpoint: string): Error {
  switch (error.code) {
    case 'ENOENT':
      return new MountError(
        'mountpoint-missing',
        `the mountpoint ${mountpoint} does not exist; create it first: mkdir -p ${mountpoint}`,
        { cause: error },
      );
    case 'ENOTDIR':
      return new MountError(
        'mountpoint-not-directory',
        `the mountpoint ${mountpoint} is not a directory; name an existing directory`,
        { cause: error },
      );
    case 'ENOTCONN':
      return new MountError(
        'already-mounted',
        `${mountpoint} is on a mount whose server has died; find it with findmnt and clean it first: umount -l`,
        { cause: error },
      );
    default:
      return error;
  }
}
