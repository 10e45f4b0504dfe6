/** Where a tree lies that is appended to an image, when nobody says. */
import { BlockCache } from '../cache/block-cache.js';
import { drive } from '../cache/driver.js';
import type { Source } from '../cache/source.js';
import { readSuperblock } from '../erofs-reader/superblock.js';

/** Images are padded to a page before a tree is appended. */
const ALIGNMENT = 4096;
const SUPERBLOCK_AREA = 16 << 10;

/**
 * Byte of the dm-verity superblock behind the file system that starts at byte `base`, by the size in the EROFS superblock:
 * nothing more than a guess, for what is found there has to match the root hash. Rejects as readSuperblock throws.
 */
export async function appendedHashOffset(image: Source, base: number): Promise<number> {
  const bytes = new BlockCache([{ source: image, base }], SUPERBLOCK_AREA, SUPERBLOCK_AREA);
  const { blocks, blockSize } = await drive(() => readSuperblock(bytes), bytes);
  return Math.ceil((base + blocks * blockSize) / ALIGNMENT) * ALIGNMENT;
}
