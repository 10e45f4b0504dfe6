/**
 * Hash trees that were built once, one file each in the cache directory.
 *
 * LAW: what is kept is never believed, so nothing here can do harm but cost time; a failure to keep is no failure.
 */
import { createHash, randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectories } from '../system/directories.js';

/** `blob` is the Source's id: name and version. */
export function keptTreePath(cacheDirectory: string, blob: string, digest: string): string {
  const name = createHash('sha256').update(`${blob}\0${digest}`).digest('hex').slice(0, 40);
  return join(cacheDirectory, 'fs-verity', `${name}.tree`);
}

/** Appears whole or not at all, whoever else keeps the same tree at the same time. */
export function keepTree(cacheDirectory: string, blob: string, digest: string, bytes: Uint8Array): void {
  const path = keptTreePath(cacheDirectory, blob, digest);
  const written = `${path}.${randomUUID()}`;
  try {
    makeDirectories(dirname(path), 0o700);
    writeFileSync(written, bytes, { mode: 0o600, flag: 'wx' });
    renameSync(written, path);
  } catch {
    removeIfThere(written);
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path);
  } catch {
    // It was never made.
  }
}
