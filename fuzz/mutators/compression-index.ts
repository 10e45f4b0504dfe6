/** A compressed file's map header and index, in each of its forms (erofs-format §10). */
import { roundUp } from '../../src/erofs-reader/bytes.js';
import type { Inode } from '../../src/erofs-reader/inode.js';
import { Layout, Z_ADVISE } from '../../src/erofs-reader/layout.js';
import { decodeMapHeader, MAP_HEADER_SIZE, type MapHeader } from '../../src/erofs-reader/map-header.js';
import type { ImageMetadata } from './image-metadata.js';
import { type Place, type Structure, structure } from './structure.js';

const HEADER = structure('map header', MAP_HEADER_SIZE, [
  [0, 4],
  [2, 2],
  [4, 2],
  [6, 1],
  [7, 1],
]);
const FULL = structure('full lcluster', 8, [
  [0, 2],
  [2, 2],
  [4, 2],
  [4, 4],
  [6, 2],
]);
const COMPACT = structure('compact pack', 8, [
  [0, 2],
  [2, 2],
  [4, 4],
]);
/** By the size of a record. */
const RECORDS: Readonly<Record<number, Structure>> = {
  4: structure('extent of 4 bytes', 4, [[0, 4]]),
  8: structure('extent of 8 bytes', 8, [
    [0, 4],
    [4, 4],
  ]),
  16: structure('extent of 16 bytes', 16, [
    [0, 4],
    [4, 8],
    [12, 4],
  ]),
  32: structure('extent of 32 bytes', 32, [
    [0, 4],
    [4, 8],
    [12, 4],
    [16, 4],
  ]),
};
/** Of an index, from its beginning on. */
const MOST_ENTRIES = 24;

export function* compressionIndexPlaces(metadata: ImageMetadata, inode: Inode): Generator<Place> {
  const { inMetabox, nid } = inode;
  const from = roundUp(inode.end, 8);
  const start = metadata.offset(inMetabox, from);
  if (start === undefined) return;
  yield { structure: HEADER, offset: start, nid };
  const view = metadata.view(inMetabox, from, MAP_HEADER_SIZE);
  // a fragment alone has no index
  if (view.getUint8(7) & 0x80) return;
  const header = decodeMapHeader(view, from, metadata.image.geometry.blockSize);
  const { entry, at, count } = indexOf(inode, header);
  for (let n = 0; n < Math.min(count, MOST_ENTRIES); n++) {
    yield { structure: entry, offset: start + at - from + n * entry.size, nid };
  }
}

interface Index {
  readonly entry: Structure;
  /** byte of the metadata where the first one stands */
  readonly at: number;
  readonly count: number;
}

function indexOf(inode: Inode, { advise, offset, lclusterSize, extentCount }: MapHeader): Index {
  const lclusters = Math.ceil(inode.size / lclusterSize);
  if (inode.layout === Layout.COMPRESSED_COMPACT) {
    return { entry: COMPACT, at: offset + 8, count: Math.ceil(lclusters / 2) };
  }
  if (!(advise & Z_ADVISE.EXTENTS)) return { entry: FULL, at: offset + 16, count: lclusters };
  const size = 4 << ((advise >> 1) & 3);
  const first = roundUp(offset + 8, size);
  return {
    entry: RECORDS[size]!,
    at: size === 4 ? first + 8 : first,
    count: size <= 8 ? lclusters : extentCount,
  };
}
