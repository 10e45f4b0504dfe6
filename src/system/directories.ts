/** Making directories. */
import { mkdirSync, statSync } from 'node:fs';
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
