/** Extended attributes: every entry of a body, inline and shared, whatever stands before it (erofs-format §9). */
import { hex, nidName } from '../erofs-reader/bytes.js';
import { corrupt } from '../erofs-reader/errors.js';
import type { ErofsImage } from '../erofs-reader/image.js';
import type { Inode } from '../erofs-reader/inode.js';
import {
  FEATURE_COMPAT,
  XATTR_BODY_HEADER_SIZE,
  XATTR_ENTRY_HEADER_SIZE,
  XATTR_FILTER_SEED,
  XATTR_LONG_PREFIX,
} from '../erofs-reader/layout.js';
import { xxh32 } from '../erofs-reader/xxh32.js';
import { aclProblem } from './acl.js';
import type { FindingCode, Subject } from './finding.js';
import type { Session } from './session.js';

/** Numbers of the short prefixes; 2 and 3 are whole names. */
const ACL_BASES = [2, 3];
const LAST_BASE = 6;

/** One entry, copied. */
interface Entry {
  /** byte address of the entry in its metadata place */
  readonly offset: number;
  readonly index: number;
  readonly suffix: Uint8Array;
  readonly valueLength: number;
  /** of ACLs; nothing else has a form, and values shared by every inode would be copied for each */
  readonly acl: Uint8Array | undefined;
}

/** A body: what could be read of it, and what could not. */
interface Body {
  readonly filter: number;
  readonly entries: Entry[];
  readonly sharedIds: number[];
  readonly problem: string | undefined;
}

export async function checkXattrs(session: Session, subject: Subject, inode: Inode): Promise<void> {
  if (inode.xattrSize === 0) return;
  const { image, findings } = session;
  const body = await session.attempt('bad-xattr', subject, () => readBody(image, inode));
  if (body === undefined) return;
  if (body.problem !== undefined) {
    findings.add('bad-xattr', subject, `inode ${nidName(inode.nid)}: ${body.problem}`, inode.xattrOffset);
  }
  for (const id of body.sharedIds) {
    const entry = await session.attempt('bad-xattr', subject, () => readShared(image, inode, id));
    if (entry !== undefined) body.entries.push(entry);
  }
  const names = new Set<string>();
  for (const entry of body.entries) {
    const add = (code: FindingCode, what: string): void =>
      findings.add(code, subject, `inode ${nidName(inode.nid)}: xattr ${what}`, entry.offset);
    checkEntry(session, body.filter, entry, names, add);
  }
}

function readBody(image: ErofsImage, inode: Inode): Body {
  const { xattrOffset, xattrSize, inMetabox } = inode;
  const view = image.metadata(inMetabox, xattrOffset, xattrSize, inode);
  const filter = view.getUint32(0, true);
  const sharedCount = view.getUint8(4);
  const entries: Entry[] = [];
  const sharedIds: number[] = [];
  let at = XATTR_BODY_HEADER_SIZE + 4 * sharedCount;
  if (at > xattrSize) {
    const problem = `${sharedCount} shared xattrs in a body of ${xattrSize} bytes`;
    return { filter, entries, sharedIds, problem };
  }
  if (xattrSize === XATTR_BODY_HEADER_SIZE) {
    return { filter, entries, sharedIds, problem: 'an xattr body that is a header alone' };
  }
  for (let i = 0; i < sharedCount; i++) {
    sharedIds.push(view.getUint32(XATTR_BODY_HEADER_SIZE + 4 * i, true));
  }
  while (at + XATTR_ENTRY_HEADER_SIZE <= xattrSize) {
    const length = entryLength(view, at);
    if (at + length > xattrSize) {
      const problem = `xattr of ${length} bytes at ${at} leaves the body of ${xattrSize}`;
      return { filter, entries, sharedIds, problem };
    }
    entries.push(copyEntry(view, at, xattrOffset + at));
    at += (length + 3) & ~3;
  }
  return { filter, entries, sharedIds, problem: undefined };
}

function readShared(image: ErofsImage, { nid }: Inode, id: number): Entry {
  const inMetabox = (image.geometry.featureCompat & FEATURE_COMPAT.SHARED_EA_IN_METABOX) !== 0;
  const offset = image.geometry.xattrOffset + 4 * id;
  const header = image.metadata(inMetabox, offset, XATTR_ENTRY_HEADER_SIZE, { nid });
  const [nameLength, index] = [header.getUint8(0), header.getUint8(1)];
  if (index === 0) throw corrupt(`inode ${nidName(nid)}: shared xattr ${id} is empty`, { nid, offset });
  const length = entryLength(header, 0);
  image.metadata(inMetabox, offset + length - 1, 1, { nid });
  const copied = ACL_BASES.includes(index) ? length : XATTR_ENTRY_HEADER_SIZE + nameLength;
  return copyEntry(image.metadata(inMetabox, offset, copied, { nid }), 0, offset);
}

function entryLength(view: DataView, at: number): number {
  return XATTR_ENTRY_HEADER_SIZE + view.getUint8(at) + view.getUint16(at + 2, true);
}

function copyEntry(view: DataView, at: number, offset: number): Entry {
  const [nameLength, index, valueLength] = [
    view.getUint8(at),
    view.getUint8(at + 1),
    view.getUint16(at + 2, true),
  ];
  const nameAt = view.byteOffset + at + XATTR_ENTRY_HEADER_SIZE;
  const copy = (start: number, length: number) => new Uint8Array(view.buffer, start, length).slice();
  const acl = ACL_BASES.includes(index) ? copy(nameAt + nameLength, valueLength) : undefined;
  return { offset, index, suffix: copy(nameAt, nameLength), valueLength, acl };
}

function checkEntry(
  session: Session,
  filter: number,
  entry: Entry,
  names: Set<string>,
  add: (code: FindingCode, what: string) => void,
): void {
  const { index, suffix, valueLength, acl } = entry;
  if (index === 0) {
    if (suffix.length + valueLength > 0) add('bad-xattr', `at ${hex(entry.offset)}: padding is not zero`);
    return;
  }
  session.totals.xattrs++;
  const name = nameOf(session, index, suffix);
  if (name === undefined) {
    add('bad-xattr', `at ${hex(entry.offset)}: name index ${index}, which the image does not have`);
    return;
  }
  const { base, rest } = name;
  const isAcl = ACL_BASES.includes(base);
  if (rest.includes(0)) add('bad-xattr', `at ${hex(entry.offset)}: NUL in the name`);
  if (base !== 0 && isAcl !== (rest.length === 0)) {
    add('bad-xattr', `at ${hex(entry.offset)}: name of ${rest.length} bytes behind prefix ${base}`);
  }
  const key = `${base}:${Buffer.from(rest).toString('latin1')}`;
  if (names.has(key)) add('duplicate-xattr', `at ${hex(entry.offset)}: the inode has this name before`);
  names.add(key);
  const bit = xxh32(rest, XATTR_FILTER_SEED + base) & 31;
  if (session.image.geometry.xattrFilter && base !== 0 && (filter >>> bit) & 1) {
    add('xattr-filter', `at ${hex(entry.offset)}: the name filter says that it is absent (bit ${bit})`);
  }
  const problem = acl === undefined ? undefined : aclProblem(acl);
  if (problem !== undefined) add('bad-acl', `at ${hex(entry.offset)}: ACL ${problem}`);
}

/** Short prefix and all behind it; undefined where the image has no such prefix. */
function nameOf(
  { xattrPrefixes }: Session,
  index: number,
  suffix: Uint8Array,
): { base: number; rest: Uint8Array } | undefined {
  if (!(index & XATTR_LONG_PREFIX)) return index <= LAST_BASE ? { base: index, rest: suffix } : undefined;
  const prefix = xattrPrefixes[index & ~XATTR_LONG_PREFIX];
  return prefix && { base: prefix.base, rest: Buffer.concat([prefix.infix, suffix]) };
}
