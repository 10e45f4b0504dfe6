/** Dirents and the names behind them (erofs-format §8). */
import type { Inode } from '../../src/erofs-reader/inode.js';
import { DIRENT_SIZE } from '../../src/erofs-reader/layout.js';
import type { ImageMetadata } from './image-metadata.js';
import { type Place, structure, words } from './structure.js';

const DIRENT = structure('dirent', DIRENT_SIZE, [
  [0, 8],
  [8, 2],
  [10, 1],
]);
const NAMES = words('names', 32, 1);
/** of a directory, and of a block */
const MOST_BLOCKS = 4;
const MOST_DIRENTS = 12;

/** Of directories that are not compressed. */
export function* direntPlaces(metadata: ImageMetadata, inode: Inode): Generator<Place> {
  const { image } = metadata;
  const { blockSize } = image.geometry;
  const { mapper } = image.data(inode);
  for (let block = 0; block < MOST_BLOCKS && block * blockSize < inode.size; block++) {
    const extent = mapper.map(block * blockSize, block * blockSize + 1);
    if (extent.kind !== 'raw' && extent.kind !== 'inline') continue;
    if (extent.kind === 'raw' && extent.device !== 0) continue;
    const inMetabox = extent.kind === 'inline' && extent.inMetabox;
    const from = extent.offset + block * blockSize - extent.start;
    const offset = metadata.offset(inMetabox, from);
    if (offset === undefined) continue;
    const first = metadata.view(inMetabox, from, DIRENT_SIZE).getUint16(8, true);
    for (let at = 0; at < Math.min(first, MOST_DIRENTS * DIRENT_SIZE); at += DIRENT_SIZE) {
      yield { structure: DIRENT, offset: offset + at, nid: inode.nid };
    }
    yield { structure: NAMES, offset: offset + first, nid: inode.nid };
  }
}
