/**
 * What is in the page cache when a measurement begins.
 *
 * first use: nothing is; new mount, cold: the image is, nothing of the mount; warm: what the run before it read of the mount.
 */

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';

const DROP = '/proc/sys/vm/drop_caches';
const PIECE = Buffer.alloc(1 << 20);

/** Why caches cannot be dropped here; undefined where they can, and then they have been. */
export function noDropping(): string | undefined {
  try {
    dropCaches();
    return undefined;
  } catch (error) {
    return `${DROP} cannot be written (${(error as Error).message}): needs root of the machine`;
  }
}

/** Empties the page cache, and the caches of names and inodes, of the whole machine. Throws the system's error. */
export function dropCaches(): void {
  spawnSync('sync');
  writeFileSync(DROP, '3');
}

/** Brings all of a file into the page cache. */
export function warm(file: string): void {
  const descriptor = openSync(file, 'r');
  try {
    while (readSync(descriptor, PIECE) > 0);
  } finally {
    closeSync(descriptor);
  }
}

/** MiB of files in the page cache of the whole machine. */
export function pageCache(): number {
  const text = readFileSync('/proc/meminfo', 'utf8');
  return Number(/^Cached:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) / 1024;
}
