/** The superblock of dm-verity, the tree behind it, and the data before it. */
import { type Place, structure, words } from './structure.js';

const SUPERBLOCK = structure('dm-verity superblock', 88, [
  [0, 8],
  [8, 4],
  [12, 4],
  [32, 8],
  [64, 4],
  [68, 4],
  [72, 8],
  [80, 2],
]);
const SALT = words('dm-verity salt', 32, 4);
const DIGESTS = words('digests', 64, 8);
const DATA = words('verified data', 64, 8);
const SALT_AT = 88;

/** Bytes; `tree` is where the tree starts. */
export function* dmVerityPlaces(hashOffset: number, tree: number, end: number): Generator<Place> {
  yield { structure: SUPERBLOCK, offset: hashOffset };
  yield { structure: SALT, offset: hashOffset + SALT_AT };
  for (let at = tree; at + DIGESTS.size <= end; at += 4 * DIGESTS.size)
    yield { structure: DIGESTS, offset: at };
  for (let at = 0; at + DATA.size <= hashOffset; at += 8 * DATA.size) yield { structure: DATA, offset: at };
}
