/**
 * The cache directory.
 *
 * LAW: what is kept there is served as if it came from its origin, so nobody else may write to it.
 */
import { lstatSync, statfsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { makeDirectories, strangersReach } from '../system/directories.js';
import { untrustedAbove } from '../system/path-owners.js';

/**
 * - `unsafe-cache`   somebody else could write to the directory, or it is none
 * - `cache-failing`  the disk does not read or keep what it should
 * - `stale`          a local image was written to since it was opened (errno ESTALE)
 */
export type CacheErrorCode = 'unsafe-cache' | 'cache-failing' | 'stale';

export class CacheError extends Error {
  override readonly name = 'CacheError';
  readonly code: CacheErrorCode;

  constructor(code: CacheErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const GIB = 2 ** 30;

export function defaultCacheDirectory(): string {
  const cache = process.env.XDG_CACHE_HOME;
  // the XDG base directory specification: a relative path is to be ignored
  return join(cache?.startsWith('/') === true ? cache : join(homedir(), '.cache'), 'erofsjs');
}

/** Bytes: 10 GiB, or a quarter of the file system where that is smaller; 10 GiB where nothing is known of it. */
export function defaultCacheSize(directory: string): number {
  return Math.min(10 * GIB, Math.floor(fileSystemSize(directory) / 4));
}

/** Of the one that the directory lies on, or will when it is made. */
function fileSystemSize(directory: string): number {
  try {
    const { blocks, bsize } = statfsSync(directory);
    // some virtual file systems do not say
    return blocks * bsize || Number.POSITIVE_INFINITY;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    // what may not be looked at may not be written to either, which whoever writes says
    return isMissing && dirname(directory) !== directory
      ? fileSystemSize(dirname(directory))
      : Number.POSITIVE_INFINITY;
  }
}

/**
 * The folder of the kept blobs in a cache directory; both are made, for their owner alone, where they are missing.
 * Throws CacheError 'unsafe-cache', or the system's error.
 */
export function openCacheDirectory(directory: string): string {
  const blobs = blobsFolder(directory);
  makeDirectories(directory, 0o700);
  checkOwnership(directory);
  checkAbove(directory);
  makeDirectories(blobs, 0o700);
  checkOwnership(blobs);
  return blobs;
}

/** The same without making it; undefined where nothing is kept. */
export function findCacheDirectory(directory: string): string | undefined {
  const blobs = blobsFolder(directory);
  if (!checkOwnership(directory)) return undefined;
  checkAbove(directory);
  return checkOwnership(blobs) ? blobs : undefined;
}

/** Whoever may write to what it lies in could put another directory in its place, even while it is used. */
function checkAbove(directory: string): void {
  const user = process.geteuid?.();
  const complaint = user === undefined ? undefined : untrustedAbove(resolve(directory), user);
  if (complaint === undefined) return;
  throw new CacheError('unsafe-cache', `the cache directory ${directory} is not used: ${complaint}`);
}

export function blobsFolder(directory: string): string {
  return join(directory, 'blobs');
}

/** False where there is nothing of that name. */
function checkOwnership(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  const complaint = strangersReach(path, stat);
  if (complaint === undefined) return true;
  throw new CacheError('unsafe-cache', `the cache directory ${path} is not used: ${complaint}`);
}
