/** What both forms of a compressed file's index share: the checks of a coded extent, and where plain ones lie. */
import { nidName } from './bytes.js';
import { corrupt, ErofsError } from './errors.js';
import type { Extent } from './extent.js';
import type { ErofsImage } from './image.js';
import type { Inode } from './inode.js';
import { ALGORITHM_NAMES, type Algorithm, PCLUSTER_MAX_DECODED_SIZE, PCLUSTER_MAX_SIZE } from './layout.js';

/** What holds for every pcluster that is to be decoded (z_erofs_map_sanity_check in fs/erofs/zmap.c). */
export function checkCoded(
  image: ErofsImage,
  inode: Inode,
  algorithm: number,
  encodedLength: number,
  length: number,
): Algorithm {
  const place = { nid: inode.nid, offset: inode.end };
  if (algorithm >= ALGORITHM_NAMES.length) {
    throw new ErofsError('unsupported', `inode ${nidName(inode.nid)}: unknown algorithm ${algorithm}`, place);
  }
  if (!(image.geometry.algorithms & (1 << algorithm))) {
    throw corrupt(
      `inode ${nidName(inode.nid)}: algorithm ${ALGORITHM_NAMES[algorithm]}, which the superblock does not declare`,
      place,
    );
  }
  if (encodedLength > PCLUSTER_MAX_SIZE) {
    throw new ErofsError(
      'unsupported',
      `inode ${nidName(inode.nid)}: pcluster of ${encodedLength} bytes, expected at most ${PCLUSTER_MAX_SIZE}`,
      place,
    );
  }
  if (length > PCLUSTER_MAX_DECODED_SIZE) {
    throw new ErofsError(
      'unsupported',
      `inode ${nidName(inode.nid)}: extent of ${length} bytes, expected at most ${PCLUSTER_MAX_DECODED_SIZE}`,
      place,
    );
  }
  return algorithm as Algorithm;
}

/**
 * Where byte `position` of an uncompressed pcluster lies. Interlaced data is stored as in the page cache: rotated so
 * that the bytes up to the first block border stand at the end (erofs-format §11.2).
 */
export function plainExtent(
  image: ErofsImage,
  address: number,
  start: number,
  length: number,
  interlaced: boolean,
  position: number,
): Extent {
  const { blockSize } = image.geometry;
  const skew = interlaced ? start % blockSize : 0;
  const beforeBorder = interlaced ? Math.min(blockSize - skew, length) : length;
  const isBefore = position < start + beforeBorder;
  const { device, offset } = image.devices.resolve(0, isBefore ? address + skew : address);
  return {
    kind: 'raw',
    start: isBefore ? start : start + beforeBorder,
    length: isBefore ? beforeBorder : length - beforeBorder,
    device,
    offset,
  };
}
