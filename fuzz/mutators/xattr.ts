/** Extended attributes behind an inode, those that inodes share, and the table of long prefixes (erofs-format §9). */
import type { Inode } from '../../src/erofs-reader/inode.js';
import {
  FEATURE_COMPAT,
  XATTR_BODY_HEADER_SIZE,
  XATTR_ENTRY_HEADER_SIZE,
} from '../../src/erofs-reader/layout.js';
import type { ImageMetadata } from './image-metadata.js';
import { type Place, structure, words } from './structure.js';

const HEADER = structure('xattr body header', XATTR_BODY_HEADER_SIZE, [
  [0, 4],
  [4, 1],
]);
const SHARED_ID = structure('shared xattr id', 4, [[0, 4]]);
/** with the beginning of its name */
const ENTRY = structure('xattr entry', 8, [
  [0, 1],
  [1, 1],
  [2, 2],
  [4, 4],
]);
const SHARED_ENTRY = { ...ENTRY, name: 'shared xattr entry' };
const PREFIX = words('xattr prefix', 8, 2);

export function* xattrPlaces(metadata: ImageMetadata, inode: Inode): Generator<Place> {
  const { inMetabox, xattrOffset, xattrSize, nid } = inode;
  const start = metadata.offset(inMetabox, xattrOffset);
  if (xattrSize === 0 || start === undefined) return;
  const body = metadata.view(inMetabox, xattrOffset, xattrSize);
  yield { structure: HEADER, offset: start, nid };
  const shared = body.getUint8(4);
  for (let i = 0; i < shared; i++) {
    const at = XATTR_BODY_HEADER_SIZE + 4 * i;
    yield { structure: SHARED_ID, offset: start + at, nid };
    yield* sharedEntry(metadata, body.getUint32(at, true), nid);
  }
  for (let at = XATTR_BODY_HEADER_SIZE + 4 * shared; at + XATTR_ENTRY_HEADER_SIZE <= xattrSize; ) {
    yield { structure: ENTRY, offset: start + at, nid };
    const length = XATTR_ENTRY_HEADER_SIZE + body.getUint8(at) + body.getUint16(at + 2, true);
    at += (length + 3) & ~3;
  }
}

function* sharedEntry(metadata: ImageMetadata, id: number, nid: number): Generator<Place> {
  const { featureCompat, xattrOffset } = metadata.image.geometry;
  const inMetabox = (featureCompat & FEATURE_COMPAT.SHARED_EA_IN_METABOX) !== 0;
  const offset = metadata.offset(inMetabox, xattrOffset + 4 * id);
  if (offset !== undefined) yield { structure: SHARED_ENTRY, offset, nid };
}

/** Where the table lies in the image itself; what is packed is found by changing pclusters. */
export function* prefixPlaces({ image }: ImageMetadata): Generator<Place> {
  const { featureCompat, xattrPrefixCount, xattrPrefixOffset, packedNid } = image.geometry;
  const isPlain = (featureCompat & FEATURE_COMPAT.PLAIN_XATTR_PFX) !== 0 || packedNid === undefined;
  if (xattrPrefixCount > 0 && isPlain) yield { structure: PREFIX, offset: xattrPrefixOffset };
}
