/** Attribute names: the short prefixes, and the table of long ones (erofs-format §9.2, §9.3). */
import { roundUp } from './bytes.js';
import { corrupt } from './errors.js';
import type { ErofsImage } from './image.js';
import { FEATURE_COMPAT, NAME_MAX } from './layout.js';
import { readData } from './read.js';

/** A long prefix: the short one with number `base`, then `infix`. Base 0 hides the attribute. */
export interface XattrPrefix {
  readonly base: number;
  readonly infix: Uint8Array;
}

const encoder = new TextEncoder();

/** By xattr name index. Indexes 2 and 3 are whole names; 5 (lustre) is neither listed nor read, as in Linux. */
export const SHORT_PREFIXES: readonly (Uint8Array | undefined)[] = [
  undefined,
  encoder.encode('user.'),
  encoder.encode('system.posix_acl_access'),
  encoder.encode('system.posix_acl_default'),
  encoder.encode('trusted.'),
  undefined,
  encoder.encode('security.'),
];

/**
 * Throws 'corrupt' for a prefix that is longer than a name may be, as erofs_xattr_prefixes_init of fs/erofs/xattr.c: thousands of
 * names that begin with 64 KiB each would take gigabytes.
 */
export function readXattrPrefixes(image: ErofsImage): XattrPrefix[] {
  const { xattrPrefixCount, xattrPrefixOffset } = image.geometry;
  const prefixes: XattrPrefix[] = [];
  let at = xattrPrefixOffset;
  for (let i = 0; i < xattrPrefixCount; i++) {
    at = roundUp(at, 4);
    const length = readTable(image, at, 2).getUint16(0, true);
    if (length < 1 || length > 1 + NAME_MAX) {
      throw corrupt(`xattr prefix ${i}: ${length} bytes, expected 1 to ${1 + NAME_MAX}`, { offset: at });
    }
    const record = readTable(image, at + 2, length);
    prefixes.push({
      base: record.getUint8(0),
      infix: new Uint8Array(record.buffer, record.byteOffset + 1, length - 1).slice(),
    });
    at += 2 + length;
  }
  return prefixes;
}

function readTable(image: ErofsImage, offset: number, length: number): DataView {
  const { featureCompat, metaboxNid, packedNid } = image.geometry;
  const plain = (featureCompat & FEATURE_COMPAT.PLAIN_XATTR_PFX) !== 0;
  if (!plain && metaboxNid !== undefined) return image.metadata(true, offset, length, {});
  if (plain || packedNid === undefined) return image.metadata(false, offset, length, {});
  const bytes = new Uint8Array(length);
  if (readData(image, image.packed(), offset, bytes) < length) {
    throw corrupt(`xattr prefixes lie beyond the packed inode`, { offset });
  }
  return new DataView(bytes.buffer);
}
