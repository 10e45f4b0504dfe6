/**
 * Hash trees that were built once, one file each in the cache directory.
 *
 * LAW: what is kept is never believed, so nothing here can do harm but cost time; a failure to keep is no failure.
 */
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { writeWhole } from '../system/atomic-file.js';
import { makeDirectories } from '../system/directories.js';

/** `blob` is the Source's id: name and version. */
export function keptTreePath(cacheDirectory: string, blob: string, digest: string): string {
  const name = createHash('sha256').update(`${blob}\0${digest}`).digest('hex').slice(0, 40);
  return join(cacheDirectory, 'fs-verity', `${name}.tree`);
}

export function keepTree(cacheDirectory: string, blob: string, digest: string, bytes: Uint8Array): void {
  const path = keptTreePath(cacheDirectory, blob, digest);
  try {
    makeDirectories(dirname(path), 0o700);
    writeWhole(path, bytes, 0o600);
  } catch {
    // Next time it is built again.
  }
}
