/** One inode: its fields, its xattrs, its data, and the metadata that is attached to it (erofs-format §5). */
import { METABOX_NID, nidName } from '../erofs-reader/bytes.js';
import { type Inode, isType } from '../erofs-reader/inode.js';
import {
  COMPACT_INODE_SIZE,
  EXTENDED_INODE_SIZE,
  INODE_UNIT,
  S_IFDIR,
  S_IFLNK,
  S_IFREG,
} from '../erofs-reader/layout.js';
import { readSymlink } from '../erofs-reader/symlink.js';
import { checkData } from './data-check.js';
import type { Subject } from './finding.js';
import { METABOX_DEVICE, RangeKind } from './range-ledger.js';
import type { Session } from './session.js';
import { checkXattrs } from './xattr-check.js';

/** The inode, or undefined where it cannot be read. `subject` has its nid. Directories' names are left out. */
export async function checkInode(
  session: Session,
  subject: Subject & { readonly nid: number },
): Promise<Inode | undefined> {
  const { image } = session;
  const inode = await session.attempt('bad-inode', subject, () => image.inode(subject.nid));
  session.totals.inodes++;
  session.progress();
  if (inode === undefined) return undefined;
  claim(session, inode);
  await checkFields(session, subject, inode);
  await checkXattrs(session, subject, inode);
  await checkContent(session, subject, inode);
  return inode;
}

async function checkContent(session: Session, subject: Subject, inode: Inode): Promise<void> {
  if (isType(inode, S_IFREG) || isType(inode, S_IFDIR)) {
    await checkData(session, subject, inode);
  } else if (isType(inode, S_IFLNK)) {
    if (!(await checkData(session, subject, inode))) return;
    await session.attempt('bad-symlink', subject, () => readSymlink(session.image, inode));
  } else if (inode.size !== 0) {
    const message = `inode ${nidName(inode.nid)}: ${inode.size} bytes in a device, fifo or socket, expected 0`;
    session.findings.add('special-file-size', subject, message, inodeOffset(session, inode.nid));
  }
}

/** The inode and its xattrs have their bytes for themselves; an xattr body that leaves the image claims none. */
function claim(session: Session, inode: Inode): void {
  const { image, ranges } = session;
  const isInside = inode.inMetabox || inode.end <= image.bytes.sizes[0]!;
  const device = inode.inMetabox ? METABOX_DEVICE : 0;
  const end = isInside ? inode.end : inode.xattrOffset;
  ranges.add(RangeKind.metadata, device, inodeOffset(session, inode.nid), end, inode.nid);
}

/** Byte address of an inode in its metadata place (erofs-format §4). */
export function inodeOffset({ image }: Session, nid: number): number {
  if (nid >= METABOX_NID) return (nid - METABOX_NID) * INODE_UNIT;
  return image.geometry.metaOffset + nid * INODE_UNIT;
}

async function checkFields(session: Session, subject: Subject, inode: Inode): Promise<void> {
  const { image, findings } = session;
  const offset = inodeOffset(session, inode.nid);
  const name = `inode ${nidName(inode.nid)}`;
  if (inode.nlink === 0) findings.add('nlink-zero', subject, `${name}: no links, but a name`, offset);
  const raw = await session.attempt('bad-inode', subject, () => {
    const size = inode.extended ? EXTENDED_INODE_SIZE : COMPACT_INODE_SIZE;
    const view = image.metadata(inode.inMetabox, offset, size, inode);
    return {
      nanoseconds: inode.extended ? view.getUint32(40, true) : 0,
      reserved: inode.extended ? [48, 52, 56, 60] : [28],
      word: (at: number) => view.getUint32(at, true),
    };
  });
  if (raw === undefined) return;
  if (raw.nanoseconds >= 1e9) {
    const message = `${name}: mtime has ${raw.nanoseconds} nanoseconds, expected under 10^9`;
    findings.add('mtime-nanoseconds', subject, message, offset + 40);
  }
  const reserved = raw.reserved.find((at) => raw.word(at) !== 0);
  if (reserved !== undefined) {
    const message = `${name}: the reserved bytes at ${reserved} are not zero`;
    findings.add('inode-reserved', subject, message, offset + reserved);
  }
}
