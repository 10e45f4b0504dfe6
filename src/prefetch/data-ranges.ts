/** Where the stored bytes of a file or directory lie. */
import type { MissedRange } from '../erofs-reader/bytes.js';
import type { ErofsImage } from '../erofs-reader/image.js';
import { planRead, rangesOf } from '../erofs-reader/plan.js';
import type { NodeId } from '../tree/tree.js';

/**
 * What reading bytes offset .. offset + length takes of the devices; nothing beyond the end. Reads the index, no data. Throws Miss,
 * and as the reader does.
 */
export function dataRanges(image: ErofsImage, node: NodeId, offset: number, length: number): MissedRange[] {
  const data = image.data(image.inode(node));
  const count = Math.min(length, data.inode.size - offset);
  if (count <= 0) return [];
  const view = image.bytes;
  return rangesOf(planRead(image, data, offset, count)).map((range) => ({ ...range, view }));
}
