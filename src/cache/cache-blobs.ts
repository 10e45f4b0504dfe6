/** What lies in the folder of kept blobs. */
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PASSING } from './chunk-files.js';

/** Milliseconds after which nobody can still be busy with a folder that is made or removed. */
const PASSING_TIME = 3_600_000;

const BLOCK_SIZE = 512;

/** The folders of blobs. Throws the system's error. */
export function blobFolders(blobs: string): string[] {
  return readdirSync(blobs)
    .filter((name) => !name.startsWith(PASSING))
    .map((name) => join(blobs, name));
}

/** Bytes of disk that a blob takes, 0 for one that has gone. Throws the system's error. */
export function roomOf(folder: string): number {
  return bytesOnDisk(join(folder, 'index')) + bytesOnDisk(join(folder, 'data'));
}

/** Bytes of disk that everything takes. Throws the system's error. */
export function roomOfAll(blobs: string): number {
  return readdirSync(blobs).reduce((sum, name) => sum + roomOf(join(blobs, name)), 0);
}

/** Removes what was left half made or half removed. Throws the system's error. */
export function removeLeftovers(blobs: string): number {
  let removed = 0;
  for (const name of readdirSync(blobs)) {
    const path = join(blobs, name);
    const since = lstatSync(path, { throwIfNoEntry: false })?.ctimeMs;
    if (!name.startsWith(PASSING) || since === undefined || Date.now() - since < PASSING_TIME) continue;
    rmSync(path, { recursive: true, force: true });
    removed++;
  }
  return removed;
}

function bytesOnDisk(path: string): number {
  return (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * BLOCK_SIZE;
}
