/** Block maps and chunk indexes of files in chunks (erofs-format §6). */
import { roundUp } from '../../src/erofs-reader/bytes.js';
import type { Inode } from '../../src/erofs-reader/inode.js';
import { CHUNK_FORMAT } from '../../src/erofs-reader/layout.js';
import type { ImageMetadata } from './image-metadata.js';
import { type Place, structure } from './structure.js';

const ADDRESS = structure('block map entry', 4, [[0, 4]]);
const INDEX = structure('chunk index entry', 8, [
  [0, 2],
  [2, 2],
  [4, 4],
]);
const MOST_ENTRIES = 16;

export function* chunkTablePlaces(metadata: ImageMetadata, inode: Inode): Generator<Place> {
  const { chunkFormat, end, inMetabox, nid, size } = inode;
  const entry = chunkFormat & CHUNK_FORMAT.INDEXES ? INDEX : ADDRESS;
  const chunkSize = metadata.image.geometry.blockSize * 2 ** (chunkFormat & CHUNK_FORMAT.BLKBITS_MASK);
  const start = metadata.offset(inMetabox, roundUp(end, entry.size));
  if (start === undefined) return;
  for (let n = 0; n < Math.min(MOST_ENTRIES, Math.ceil(size / chunkSize)); n++) {
    yield { structure: entry, offset: start + n * entry.size, nid };
  }
}
