/** Who could put something else in the place of a path: whoever may write to a directory or replace a link on the way to it. */
import { lstatSync, readFileSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';

const OTHERS_MAY_WRITE = 0o002;
const GROUP_MAY_WRITE = 0o020;
/** in such a directory, only its owner and that of an entry may replace the entry */
const STICKY = 0o1000;

/** What the kernel shows for owners that a user namespace does not know. */
const OVERFLOW_USER = 65_534;

/**
 * What is wrong with a directory or link above the absolute `path`, whose own owner is not looked at; undefined where only root and
 * `user` decide what the path leads to. Throws the system's error where something above is missing.
 */
export function untrustedAbove(path: string, user: number): string | undefined {
  const above = dirname(path);
  return above === path ? undefined : untrustedDirectory(above, user);
}

/** The same with the path itself, which must lead to a directory. */
function untrustedDirectory(path: string, user: number): string | undefined {
  const complaint = untrustedAbove(path, user);
  if (complaint !== undefined) return complaint;
  const stat = lstatSync(path);
  if (!isTrusted(stat.uid, user)) {
    return `${path}, which it lies in, belongs to user ${stat.uid}; it should be root's or that of user ${user}`;
  }
  if (stat.isSymbolicLink()) {
    return untrustedDirectory(resolve(realpathSync(dirname(path)), readlinkSync(path)), user);
  }
  if (!mayBeChanged(stat)) return undefined;
  const mode = (stat.mode & 0o7777).toString(8);
  return `others may write to ${path}, which it lies in (mode ${mode}); use: chmod go-w ${path}`;
}

function mayBeChanged({ mode, uid, gid }: Stats): boolean {
  if ((mode & STICKY) !== 0) return false;
  // a group with the number of its user is that user's alone, as most systems make them
  return (mode & OTHERS_MAY_WRITE) !== 0 || ((mode & GROUP_MAY_WRITE) !== 0 && gid !== uid);
}

const isTrusted = (owner: number, user: number): boolean =>
  owner === 0 || owner === user || (owner === OVERFLOW_USER && isInUserNamespace());

/** There the owner of "/" is usually unknown, and nobody in it can be that owner. */
function isInUserNamespace(): boolean {
  try {
    const [first, , count] = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/);
    return !(first === '0' && count === '4294967295');
  } catch {
    // not Linux: there are none
    return false;
  }
}
