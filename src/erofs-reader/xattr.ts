/** Extended attributes: inline entries behind the inode, shared ones in an area of their own (erofs-format §9). */
import { nidName } from './bytes.js';
import { corrupt, ErofsError } from './errors.js';
import type { ErofsImage } from './image.js';
import type { Inode } from './inode.js';
import {
  FEATURE_COMPAT,
  XATTR_BODY_HEADER_SIZE,
  XATTR_ENTRY_HEADER_SIZE,
  XATTR_FILTER_SEED,
  XATTR_LONG_PREFIX,
} from './layout.js';
import { SHORT_PREFIXES } from './xattr-prefix.js';
import { xxh32 } from './xxh32.js';

/** One attribute, as parts that are borrowed until the operation ends. */
interface XattrEntry {
  /** short prefix number; undefined entries are padding */
  readonly base: number;
  readonly infix: Uint8Array;
  readonly suffix: Uint8Array;
  readonly value: Uint8Array;
}

const NONE = new Uint8Array(0);

/** Full names in on-disk order, inline entries first. Throws 'corrupt', 'unsupported', Miss. */
export function listXattrs(image: ErofsImage, inode: Inode): Uint8Array[] {
  const names: Uint8Array[] = [];
  forEachXattr(image, inode, (entry) => {
    const prefix = SHORT_PREFIXES[entry.base];
    if (prefix !== undefined) names.push(concat(prefix, entry.infix, entry.suffix));
    return true;
  });
  return names;
}

/** A copy of the value, or undefined. */
export function getXattr(image: ErofsImage, inode: Inode, name: Uint8Array): Uint8Array | undefined {
  const base = SHORT_PREFIXES.findIndex((prefix) => prefix !== undefined && startsWith(name, prefix));
  if (base < 0 || inode.xattrSize === 0) return undefined;
  const rest = name.subarray(SHORT_PREFIXES[base]!.length);
  if (isFilteredOut(image, inode, base, rest)) return undefined;
  let value: Uint8Array | undefined;
  forEachXattr(image, inode, (entry) => {
    if (entry.base !== base || !equalsJoined(rest, entry.infix, entry.suffix)) return true;
    value = entry.value.slice();
    return false;
  });
  return value;
}

/** The name filter: a set bit says that no attribute whose hash has this number exists (erofs-format §9.4). */
function isFilteredOut(image: ErofsImage, inode: Inode, base: number, rest: Uint8Array): boolean {
  if (!image.geometry.xattrFilter) return false;
  const view = image.metadata(inode.inMetabox, inode.xattrOffset, 4, { nid: inode.nid });
  const bit = xxh32(rest, XATTR_FILTER_SEED + base) & 31;
  return ((view.getUint32(0, true) >>> bit) & 1) === 1;
}

function forEachXattr(image: ErofsImage, inode: Inode, visit: (entry: XattrEntry) => boolean): void {
  if (inode.xattrSize === 0) return;
  const place = { nid: inode.nid, offset: inode.xattrOffset };
  if (inode.xattrSize === XATTR_BODY_HEADER_SIZE) {
    throw new ErofsError('unsupported', `inode ${nidName(inode.nid)}: xattr body of a header alone`, place);
  }
  const body = image.metadata(inode.inMetabox, inode.xattrOffset, inode.xattrSize, place);
  const sharedCount = body.getUint8(4);
  let at = XATTR_BODY_HEADER_SIZE + 4 * sharedCount;
  if (at > inode.xattrSize) {
    throw corrupt(
      `inode ${nidName(inode.nid)}: ${sharedCount} shared xattrs in a body of ${inode.xattrSize} bytes`,
      place,
    );
  }
  while (at + XATTR_ENTRY_HEADER_SIZE <= inode.xattrSize) {
    const length = entryLength(body, at);
    if (at + length > inode.xattrSize) {
      throw corrupt(`inode ${nidName(inode.nid)}: xattr of ${length} bytes at ${at} leaves the body`, place);
    }
    const entry = decodeEntry(image, body, at);
    if (entry !== undefined && !visit(entry)) return;
    at += (length + 3) & ~3;
  }
  for (let i = 0; i < sharedCount; i++) {
    const id = body.getUint32(XATTR_BODY_HEADER_SIZE + 4 * i, true);
    const entry = readShared(image, id, place);
    if (entry !== undefined && !visit(entry)) return;
  }
}

function readShared(image: ErofsImage, id: number, place: { nid: number }): XattrEntry | undefined {
  const inMetabox = (image.geometry.featureCompat & FEATURE_COMPAT.SHARED_EA_IN_METABOX) !== 0;
  const offset = image.geometry.xattrOffset + 4 * id;
  const header = image.metadata(inMetabox, offset, XATTR_ENTRY_HEADER_SIZE, place);
  const whole = image.metadata(inMetabox, offset, entryLength(header, 0), place);
  return decodeEntry(image, whole, 0);
}

function entryLength(view: DataView, at: number): number {
  return XATTR_ENTRY_HEADER_SIZE + view.getUint8(at) + view.getUint16(at + 2, true);
}

/**
 * undefined for the zeros that a writer left for later attributes, and, as in Linux, for a long prefix that the
 * image does not have: an error would hide all other attributes, and without its ACL a file cannot be opened.
 */
function decodeEntry(image: ErofsImage, view: DataView, at: number): XattrEntry | undefined {
  const nameLength = view.getUint8(at);
  const index = view.getUint8(at + 1);
  if (index === 0) return undefined;
  const nameAt = view.byteOffset + at + XATTR_ENTRY_HEADER_SIZE;
  const suffix = new Uint8Array(view.buffer, nameAt, nameLength);
  const value = new Uint8Array(view.buffer, nameAt + nameLength, view.getUint16(at + 2, true));
  if (!(index & XATTR_LONG_PREFIX)) return { base: index, infix: NONE, suffix, value };
  const prefix = image.xattrPrefixes()[index & ~XATTR_LONG_PREFIX];
  return prefix && { base: prefix.base, infix: prefix.infix, suffix, value };
}

function startsWith(name: Uint8Array, prefix: Uint8Array): boolean {
  return name.length >= prefix.length && prefix.every((byte, i) => name[i] === byte);
}

function equalsJoined(whole: Uint8Array, first: Uint8Array, second: Uint8Array): boolean {
  if (whole.length !== first.length + second.length) return false;
  return startsWith(whole, first) && startsWith(whole.subarray(first.length), second);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
