/** What the xattrs of an inode tell of the features that an image uses, looked at entry by entry as they are stored. */
import type { ErofsImage } from '../../src/erofs-reader/image.js';
import type { Inode } from '../../src/erofs-reader/inode.js';
import {
  FEATURE_COMPAT,
  XATTR_BODY_HEADER_SIZE,
  XATTR_ENTRY_HEADER_SIZE,
  XATTR_LONG_PREFIX,
} from '../../src/erofs-reader/layout.js';
import type { Feature, Found } from './features.js';

/** By xattr name index. */
const NAMESPACES: readonly (Feature | undefined)[] = [
  undefined,
  'user',
  'ACL of access',
  'ACL of new files',
  'trusted',
  'lustre, hidden as in Linux',
  'security',
];

export function findInXattrs(image: ErofsImage, inode: Inode, found: Found): void {
  if (inode.xattrSize <= XATTR_BODY_HEADER_SIZE) return;
  const { featureCompat, xattrOffset, xattrFilter } = image.geometry;
  const body = image.metadata(inode.inMetabox, inode.xattrOffset, inode.xattrSize, {});
  if (featureCompat & FEATURE_COMPAT.XATTR_FILTER)
    found.add(xattrFilter ? 'name filter' : 'name filter, reserved');
  const sharedCount = body.getUint8(4);
  const inMetabox = (featureCompat & FEATURE_COMPAT.SHARED_EA_IN_METABOX) !== 0;
  for (let i = 0; i < sharedCount; i++) {
    const id = body.getUint32(XATTR_BODY_HEADER_SIZE + 4 * i, true);
    const entry = image.metadata(inMetabox, xattrOffset + 4 * id, XATTR_ENTRY_HEADER_SIZE, {});
    found.add(inMetabox ? 'shared, in the metabox' : 'shared');
    findInName(image, entry.getUint8(1), found);
  }
  for (let at = XATTR_BODY_HEADER_SIZE + 4 * sharedCount; at + XATTR_ENTRY_HEADER_SIZE <= body.byteLength; ) {
    const index = body.getUint8(at + 1);
    if (index === 0) found.add('padding among entries');
    else found.add('behind the inode');
    findInName(image, index, found);
    at += (XATTR_ENTRY_HEADER_SIZE + body.getUint8(at) + body.getUint16(at + 2, true) + 3) & ~3;
  }
}

function findInName(image: ErofsImage, index: number, found: Found): void {
  if (!(index & XATTR_LONG_PREFIX)) {
    const namespace = NAMESPACES[index];
    if (namespace !== undefined) found.add(namespace);
    return;
  }
  found.add(placeOfPrefixes(image));
  const base = image.xattrPrefixes()[index & ~XATTR_LONG_PREFIX]!.base;
  if (base === 0) found.add('long prefixes that hide attributes');
}

/** The rule stands in erofs-format §9.3. */
function placeOfPrefixes({ geometry }: ErofsImage): Feature {
  const { featureCompat, metaboxNid, packedNid } = geometry;
  if (featureCompat & FEATURE_COMPAT.PLAIN_XATTR_PFX) return 'long prefixes in the image';
  if (metaboxNid !== undefined) return 'long prefixes in the metabox';
  return packedNid === undefined ? 'long prefixes in the image' : 'long prefixes in the packed inode';
}
