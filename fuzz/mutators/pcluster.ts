/** The beginnings of compressed data, where a codec's own headers stand, and bytes inside (erofs-format §11). */
import type { Inode } from '../../src/erofs-reader/inode.js';
import type { ImageMetadata } from './image-metadata.js';
import { type Place, words } from './structure.js';

const HEAD = words('head of a pcluster', 16, 1);
const PART = words('part of a pcluster', 16, 1);
/** Of a file. */
const MOST = 3;

export function* pclusterPlaces(metadata: ImageMetadata, inode: Inode): Generator<Place> {
  const { image } = metadata;
  const { mapper } = image.data(inode);
  for (let position = 0, n = 0; position < inode.size && n < MOST; n++) {
    const extent = mapper.map(position, position + 1);
    position = extent.start + extent.length;
    if (extent.kind !== 'coded' || (extent.device ?? 0) !== 0) continue;
    const inMetabox = extent.device === undefined && extent.inMetabox;
    const bytes = metadata.view(inMetabox, extent.offset, extent.encodedLength);
    let padding = 0;
    while (padding < bytes.byteLength - 1 && bytes.getUint8(padding) === 0) padding++;
    const offset = metadata.offset(inMetabox, extent.offset + padding);
    if (offset === undefined) continue;
    yield { structure: HEAD, offset, nid: inode.nid };
    yield { structure: PART, offset: offset + ((bytes.byteLength - padding) >> 1), nid: inode.nid };
  }
}
