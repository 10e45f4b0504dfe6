/** A directory of 100,000 names, all of one inode: for reader and mounts. */
import type { ImageSpec } from './image-writer.js';
import { directory, file } from './image-writer-node.js';

export const crowdSize = 100_000;

/** Not in the order of the alphabet by number: "name-10" stands before "name-9". */
export const crowdName = (n: number): string => `name-${n}${'-padded'.repeat(n % 4)}`;

export function crowdImage(): ImageSpec {
  const one = file('one of many');
  return {
    root: directory({
      crowd: directory(Array.from({ length: crowdSize }, (_, n) => [crowdName(n), one] as const)),
    }),
  };
}
