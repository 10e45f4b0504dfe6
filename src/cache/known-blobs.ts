/**
 * What blobs behind a network were when they were last asked for, one file each in the cache directory: with it an image
 * opens where the network is gone.
 *
 * LAW: what is kept here names bytes and is none of them: a wrong record finds nothing, or what another version had, never a
 * mixture.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../system/atomic-file.js';
import { makeDirectories } from '../system/directories.js';
import { blobKey } from './chunk-index.js';
import type { SharedBlob } from './shared-blob.js';

export interface KnownBlob {
  /** as Source says */
  readonly id: string;
  readonly name: string;
  /** bytes */
  readonly size: number;
  /** as RemoteBlob says */
  readonly version: string;
  /** of a source of it in this process */
  readonly shared?: SharedBlob | undefined;
}

/** `reference` names a blob without its version and without secrets. undefined where nothing usable is kept. */
export function knownBlob(cacheDirectory: string, reference: string): KnownBlob | undefined {
  return readRecord(pathOf(cacheDirectory, reference));
}

function readRecord(path: string): KnownBlob | undefined {
  let record: Partial<KnownBlob>;
  try {
    record = JSON.parse(readFileSync(path, 'utf8')) as Partial<KnownBlob>;
  } catch {
    // absent, cut off or unreadable: it is as if it had never been asked for
    return undefined;
  }
  const { id, name, size, version } = record;
  if (typeof id !== 'string' || typeof name !== 'string' || typeof version !== 'string') return undefined;
  return Number.isSafeInteger(size) && size! >= 0 ? { id, name, size: size!, version } : undefined;
}

/** Returns why it cannot be kept; undefined where it is. */
export function rememberBlob(
  cacheDirectory: string,
  reference: string,
  { id, name, size, version }: KnownBlob,
): Error | undefined {
  try {
    makeDirectories(knownFolder(cacheDirectory), 0o700);
    writeWhole(pathOf(cacheDirectory, reference), JSON.stringify({ id, name, size, version }), 0o600);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** From now on nobody has opened it. Throws the system's error. */
export function forgetBlob(cacheDirectory: string, reference: string): void {
  rmSync(pathOf(cacheDirectory, reference), { force: true });
}

/** From now on nobody has opened the blobs with these keys: see blobKey. Throws the system's error. */
export function forgetBlobs(cacheDirectory: string, keys: ReadonlySet<string>): void {
  const folder = knownFolder(cacheDirectory);
  for (const name of namesIn(folder)) {
    const known = name.endsWith(SUFFIX) ? readRecord(join(folder, name)) : undefined;
    if (known !== undefined && keys.has(blobKey(known.id))) rmSync(join(folder, name), { force: true });
  }
}

export const knownFolder = (cacheDirectory: string): string => join(cacheDirectory, 'known');

const SUFFIX = '.json';

function pathOf(cacheDirectory: string, reference: string): string {
  const digest = createHash('sha256').update(reference).digest('hex').slice(0, 40);
  return join(knownFolder(cacheDirectory), digest + SUFFIX);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
