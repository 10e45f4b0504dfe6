/** Where in an image's own bytes the metadata of an inode lies: for an inode in the metabox, in the metabox's data. */
import type { ErofsImage } from '../../src/erofs-reader/image.js';

export class ImageMetadata {
  readonly image: ErofsImage;

  constructor(image: ErofsImage) {
    this.image = image;
  }

  /** Bytes of metadata as the reader gets them. */
  view(inMetabox: boolean, offset: number, length: number): DataView {
    return this.image.metadata(inMetabox, offset, length, {});
  }

  /** Byte of the image; undefined where the byte is stored compressed. */
  offset(inMetabox: boolean, offset: number): number | undefined {
    if (!inMetabox) return offset;
    const { inode, mapper } = this.image.metabox();
    if (offset >= inode.size) return undefined;
    const extent = mapper.map(offset, offset + 1);
    const isStored =
      (extent.kind === 'raw' && extent.device === 0) || (extent.kind === 'inline' && !extent.inMetabox);
    return isStored ? extent.offset + offset - extent.start : undefined;
  }
}
