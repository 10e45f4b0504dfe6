/** Compressed files: the map header (erofs-format §10.1) and which of three index forms follows it. */
import { hex, METABOX_NID, nidName, roundUp } from './bytes.js';
import { corrupt } from './errors.js';
import type { Extent, ExtentMapper } from './extent.js';
import { EncodedExtentMapper } from './extent-encoded.js';
import { LclusterMapper } from './extent-lcluster.js';
import type { ErofsImage } from './image.js';
import type { Inode } from './inode.js';
import { Layout, Z_ADVISE } from './layout.js';
import { decodeMapHeader, MAP_HEADER_SIZE } from './map-header.js';

export function compressedMapper(image: ErofsImage, inode: Inode): ExtentMapper {
  const offset = roundUp(inode.end, 8);
  const view = image.metadata(inode.inMetabox, offset, MAP_HEADER_SIZE, { nid: inode.nid });
  if (view.getUint8(7) & 0x80) return new WholeFragmentMapper(inode, wholeFragmentOffset(view, inode));
  const header = decodeMapHeader(view, offset, image.geometry.blockSize);
  const encoded = inode.layout === Layout.COMPRESSED_FULL && (header.advise & Z_ADVISE.EXTENTS) !== 0;
  return encoded ? new EncodedExtentMapper(image, inode, header) : new LclusterMapper(image, inode, header);
}

/** Bit 63 of the header set: the other 63 are where the whole file lies in the packed inode. */
function wholeFragmentOffset(view: DataView, inode: Inode): number {
  const high = view.getUint32(4, true) & 0x7fffffff;
  const offset = high * 0x1_0000_0000 + view.getUint32(0, true);
  if (offset >= METABOX_NID) throw corrupt(`inode ${nidName(inode.nid)}: fragment at ${hex(offset)}`, inode);
  return offset;
}

class WholeFragmentMapper implements ExtentMapper {
  readonly #extent: Extent;

  constructor(inode: Inode, offset: number) {
    this.#extent = { kind: 'fragment', start: 0, length: inode.size, offset };
  }

  map(): Extent {
    return this.#extent;
  }
}
