/** The superblock, its extension, and the compression configurations behind it (erofs-format §1 to §3). */
import { roundUp } from '../../src/erofs-reader/bytes.js';
import {
  ALGORITHM_NAMES,
  FEATURE_INCOMPAT,
  SUPERBLOCK_EXTENSION_SIZE,
  SUPERBLOCK_OFFSET,
  SUPERBLOCK_SIZE,
} from '../../src/erofs-reader/layout.js';
import type { ImageMetadata } from './image-metadata.js';
import { type Place, structure, words } from './structure.js';

const SUPERBLOCK = structure('superblock', SUPERBLOCK_SIZE, [
  [0x04, 4],
  [0x08, 4],
  [0x0c, 1],
  [0x0d, 1],
  [0x0e, 2],
  [0x10, 8],
  [0x18, 8],
  [0x20, 4],
  [0x24, 4],
  [0x28, 4],
  [0x2c, 4],
  [0x50, 4],
  [0x54, 2],
  [0x56, 2],
  [0x58, 2],
  [0x5a, 1],
  [0x5b, 1],
  [0x5c, 4],
  [0x60, 8],
  [0x68, 1],
  [0x6c, 4],
  [0x70, 8],
]);
const EXTENSION = words('superblock extension', SUPERBLOCK_EXTENSION_SIZE, 8);
/** each begins with its length */
const CONFIGURATION = words('compression configuration', 8, 2);

export function* superblockPlaces({ image }: ImageMetadata): Generator<Place> {
  const { algorithms, extensionSlots, featureIncompat } = image.geometry;
  yield { structure: SUPERBLOCK, offset: SUPERBLOCK_OFFSET };
  const end = SUPERBLOCK_OFFSET + SUPERBLOCK_SIZE;
  if (extensionSlots > 0) yield { structure: EXTENSION, offset: end };
  if (!(featureIncompat & FEATURE_INCOMPAT.COMPR_CFGS)) return;
  let at = end + extensionSlots * SUPERBLOCK_EXTENSION_SIZE;
  for (let algorithm = 0; algorithm < ALGORITHM_NAMES.length; algorithm++) {
    if (!(algorithms & (1 << algorithm))) continue;
    at = roundUp(at, 4);
    yield { structure: CONFIGURATION, offset: at };
    at += 2 + image.bytes.view(0, at, 2).getUint16(0, true);
  }
}
