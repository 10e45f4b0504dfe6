/** How an inode finds its data, where its layout alone does not tell: the kind of its index or chunk table. */
import { roundUp } from '../erofs-reader/bytes.js';
import type { ErofsImage } from '../erofs-reader/image.js';
import type { Inode } from '../erofs-reader/inode.js';
import { CHUNK_FORMAT, Layout, Z_ADVISE } from '../erofs-reader/layout.js';
import { decodeMapHeader, MAP_HEADER_SIZE } from '../erofs-reader/map-header.js';

/** bit 7 of the map header's last byte: the whole file is a fragment */
const WHOLE_FRAGMENT = 0x80;

/** undefined for flat inodes, and for empty ones, which have no index. Throws 'truncated', 'corrupt', Miss. */
export function indexKind(image: ErofsImage, inode: Inode): string | undefined {
  const { layout, chunkFormat, size } = inode;
  if (size === 0) return undefined;
  if (layout === Layout.CHUNK_BASED) {
    const table = chunkFormat & CHUNK_FORMAT.INDEXES ? 'chunk-indexes' : 'block-map';
    return chunkFormat & CHUNK_FORMAT['48BIT'] ? `${table}-48bit` : table;
  }
  if (layout !== Layout.COMPRESSED_FULL && layout !== Layout.COMPRESSED_COMPACT) return undefined;
  const offset = roundUp(inode.end, MAP_HEADER_SIZE);
  const view = image.metadata(inode.inMetabox, offset, MAP_HEADER_SIZE, { nid: inode.nid });
  if (view.getUint8(7) & WHOLE_FRAGMENT) return 'whole-fragment';
  const { advise } = decodeMapHeader(view, offset, image.geometry.blockSize);
  if (layout === Layout.COMPRESSED_COMPACT)
    return advise & Z_ADVISE.COMPACTED_2B ? 'compact-2b' : 'compact-4b';
  return advise & Z_ADVISE.EXTENTS ? `extents-${4 << ((advise >> 1) & 3)}b` : 'full';
}
