/** Flat files: one run of blocks, and for FLAT_INLINE a tail behind the inode (tail-packing, erofs-format §6). */
import { hex, nidName } from './bytes.js';
import { corrupt } from './errors.js';
import type { Extent, ExtentMapper } from './extent.js';
import type { ErofsImage } from './image.js';
import type { Inode } from './inode.js';
import { Layout } from './layout.js';

export class FlatMapper implements ExtentMapper {
  readonly #extents: Extent[] = [];

  /** Throws 'corrupt' where the tail would cross a block. */
  constructor(image: ErofsImage, inode: Inode) {
    const { blockSize } = image.geometry;
    const tailStart =
      inode.layout === Layout.FLAT_INLINE && inode.size > 0
        ? (Math.ceil(inode.size / blockSize) - 1) * blockSize
        : inode.size;
    if (tailStart > 0) {
      if (inode.startBlock === undefined) {
        this.#extents.push({ kind: 'hole', start: 0, length: tailStart });
      } else {
        const place = image.devices.resolve(0, inode.startBlock * blockSize);
        this.#extents.push({ kind: 'raw', start: 0, length: tailStart, ...place });
      }
    }
    const tailLength = inode.size - tailStart;
    if (tailLength > 0) {
      if ((inode.end % blockSize) + tailLength > blockSize) {
        throw corrupt(
          `inode ${nidName(inode.nid)}: inline tail of ${tailLength} bytes at ${hex(inode.end)} crosses a block`,
          { nid: inode.nid, offset: inode.end },
        );
      }
      const { inMetabox, end: offset } = inode;
      this.#extents.push({ kind: 'inline', start: tailStart, length: tailLength, inMetabox, offset });
    }
  }

  map(position: number): Extent {
    const first = this.#extents[0]!;
    return position < first.start + first.length ? first : this.#extents[1]!;
  }
}
