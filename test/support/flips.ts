/** Images with single bits turned over, as a bad disk or an attacker does it. */

import { METABOX_NID } from '../../src/erofs-reader/bytes.js';
import { INODE_UNIT } from '../../src/erofs-reader/layout.js';
import type { OpenedImage } from '../../src/open.js';
import { nodesOf } from './opened.js';
import type { Random } from './random.js';
import { SUPERBLOCK, sealed } from './superblock.js';

const MOST_FLIPS = 8;
/** bytes: an inode, its xattrs or inline data, and the start of a chunk table or compression index */
const NEAR_INODE = 192;
/** bytes: the superblock, the compression configurations, and a device table where mkfs puts it */
const NEAR_SUPERBLOCK = 512;

/** Where bits are turned over. */
export type Damage = 'anywhere' | 'metadata' | 'superblock';
export const DAMAGES: readonly Damage[] = ['anywhere', 'metadata', 'superblock'];

/** Byte offsets of the inodes that lie in the image itself; those of a metabox are compressed. */
export async function inodeOffsets(opened: OpenedImage): Promise<number[]> {
  const { metaOffset, packedNid, metaboxNid } = opened.image.geometry;
  const nids = (await nodesOf(opened)).map(({ node }) => node);
  for (const special of [packedNid, metaboxNid]) if (special !== undefined) nids.push(special);
  return nids.filter((nid) => nid < METABOX_NID).map((nid) => metaOffset + nid * INODE_UNIT);
}

/**
 * Turns 1 to 8 bits of `image` over. Damage of the superblock is sealed with the right checksum, so that it is met
 * and not the checksum; other damage in the checksum's range is not.
 */
export function flip(image: Uint8Array, damage: Damage, inodes: readonly number[], random: Random): void {
  for (let left = 1 + random.below(MOST_FLIPS); left > 0; left--) {
    const at = placeOf(damage, image.length, inodes, random);
    image[Math.min(at, image.length - 1)]! ^= 1 << random.below(8);
  }
  if (damage === 'superblock') sealed(image);
}

function placeOf(damage: Damage, size: number, inodes: readonly number[], random: Random): number {
  if (damage === 'superblock') return SUPERBLOCK + 8 + random.below(NEAR_SUPERBLOCK);
  if (damage === 'metadata' && inodes.length > 0) {
    return inodes[random.below(inodes.length)]! + random.below(NEAR_INODE);
  }
  return random.below(size);
}
