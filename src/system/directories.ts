/** Making directories, and whose they are. */
import { mkdirSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes `path`, absolute, and the directories above it that are missing. Throws the system's error.
 * Node's own recursive mkdir (20.20) never returns where a directory exists and takes no new names, as in /proc.
 */
export function makeDirectories(path: string, mode = 0o777): void {
  if (makeDirectory(path, mode)) return;
  makeDirectories(dirname(path), mode);
  mkdirSync(path, mode);
}

/** Returns false where a directory above is missing. */
function makeDirectory(path: string, mode: number): boolean {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(path) !== path) return false;
    if (code !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
  }
  return true;
}

/**
 * Why somebody else could change what is in a directory, as the end of "it is not used: ..."; undefined where only this user could.
 * `stat` is lstat(2)'s, `others` the bits of its mode that may not be set.
 */
export function strangersReach(path: string, stat: Stats, others = 0o022): string | undefined {
  const user = process.geteuid?.();
  if (stat.isSymbolicLink()) return 'it is a symbolic link; name what it points to';
  if (!stat.isDirectory()) return 'it is no directory';
  if (user !== undefined && stat.uid !== user)
    return `it belongs to user ${stat.uid}, and this is user ${user}`;
  if ((stat.mode & others) === 0) return undefined;
  const mode = (stat.mode & 0o7777).toString(8);
  return (stat.mode & others & 0o022) === 0
    ? `others may look into it (mode ${mode}); use: chmod go= ${path}`
    : `others may write to it (mode ${mode}); use: chmod go-w ${path}`;
}
