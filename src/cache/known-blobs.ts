/**
 * What blobs behind a network were when they were last asked for, one file each in the cache directory: with it an image
 * opens where the network is gone.
 *
 * LAW: what is kept here names bytes and is none of them: a wrong record finds nothing, or what another version had, never a
 * mixture.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../system/atomic-file.js';
import { makeDirectories } from '../system/directories.js';

export interface KnownBlob {
  /** as Source says */
  readonly id: string;
  readonly name: string;
  /** bytes */
  readonly size: number;
  /** as RemoteBlob says */
  readonly version: string;
}

/** `reference` names a blob without its version and without secrets. undefined where nothing usable is kept. */
export function knownBlob(cacheDirectory: string, reference: string): KnownBlob | undefined {
  let record: Partial<KnownBlob>;
  try {
    record = JSON.parse(readFileSync(pathOf(cacheDirectory, reference), 'utf8')) as Partial<KnownBlob>;
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
    makeDirectories(join(cacheDirectory, FOLDER), 0o700);
    writeWhole(pathOf(cacheDirectory, reference), JSON.stringify({ id, name, size, version }), 0o600);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

const FOLDER = 'known';

function pathOf(cacheDirectory: string, reference: string): string {
  return join(
    cacheDirectory,
    FOLDER,
    `${createHash('sha256').update(reference).digest('hex').slice(0, 40)}.json`,
  );
}
