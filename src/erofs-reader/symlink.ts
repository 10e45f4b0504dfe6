/** Symlink targets are file data (erofs-format §8). */
import { nidName } from './bytes.js';
import { corrupt } from './errors.js';
import type { ErofsImage } from './image.js';
import type { Inode } from './inode.js';
import { SYMLINK_MAX } from './layout.js';
import { readData } from './read.js';

/** The target as bytes. Throws 'corrupt' where it is empty, too long for a path, or has a NUL. */
export function readSymlink(image: ErofsImage, inode: Inode): Uint8Array {
  const place = { nid: inode.nid, offset: inode.offset };
  if (inode.size === 0 || inode.size > SYMLINK_MAX) {
    throw corrupt(
      `symlink ${nidName(inode.nid)}: target of ${inode.size} bytes, expected 1 to ${SYMLINK_MAX}`,
      place,
    );
  }
  const target = new Uint8Array(inode.size);
  readData(image, image.data(inode), 0, target);
  if (target.includes(0)) throw corrupt(`symlink ${nidName(inode.nid)}: NUL in the target`, place);
  return target;
}
