/** Inodes, compact and extended (erofs-format §5). */
import type { Inode } from '../../src/erofs-reader/inode.js';
import { COMPACT_INODE_SIZE, EXTENDED_INODE_SIZE } from '../../src/erofs-reader/layout.js';
import type { ImageMetadata } from './image-metadata.js';
import { type Place, structure } from './structure.js';

const COMPACT = structure('compact inode', COMPACT_INODE_SIZE, [
  [0, 2],
  [2, 2],
  [4, 2],
  [6, 2],
  [8, 4],
  [12, 4],
  [16, 4],
  [20, 4],
  [24, 2],
  [26, 2],
]);
const EXTENDED = structure('extended inode', EXTENDED_INODE_SIZE, [
  [0, 2],
  [2, 2],
  [4, 2],
  [6, 2],
  [8, 8],
  [16, 4],
  [20, 4],
  [24, 4],
  [28, 4],
  [32, 8],
  [40, 4],
  [44, 4],
]);

export function* inodePlaces(metadata: ImageMetadata, inode: Inode): Generator<Place> {
  const kind = inode.extended ? EXTENDED : COMPACT;
  const offset = metadata.offset(inode.inMetabox, inode.xattrOffset - kind.size);
  if (offset !== undefined) yield { structure: kind, offset, nid: inode.nid };
}
