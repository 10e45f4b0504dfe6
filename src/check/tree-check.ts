/** The tree from the root on: every directory once, depth first, without recursion, so that depth costs no stack. */
import { nidName } from '../erofs-reader/bytes.js';
import type { Inode } from '../erofs-reader/inode.js';
import { S_IFDIR, S_IFMT } from '../erofs-reader/layout.js';
import { DirectoryCheck, type DirectoryVisitor } from './directory-check.js';
import { DirentTypes } from './dirent-type.js';
import type { Place, Subject } from './finding.js';
import { checkInode } from './inode-check.js';
import type { KnownInode, Session } from './session.js';

/** A directory whose names are to be read. */
interface Pending {
  readonly inode: Inode;
  readonly place: Place;
  readonly parent: number;
}

export async function checkTree(session: Session): Promise<void> {
  const { rootNid } = session.image.geometry;
  const place: Place = { parent: undefined, name: new Uint8Array(0), nid: rootNid };
  const root = await meet(session, place);
  if (root === undefined) return;
  const pending: Pending[] = [{ inode: root, place, parent: rootNid }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    await checkDirectory(session, next, pending);
  }
}

async function checkDirectory(session: Session, directory: Pending, pending: Pending[]): Promise<void> {
  const { inode, place, parent } = directory;
  const known = session.inodes.get(inode.nid)!;
  const subject: Subject = { place, nid: inode.nid };
  const below: Pending[] = [];
  session.totals.directories++;
  const visitor: DirectoryVisitor = {
    dot: (nid, offset) => expectNid(session, subject, '.', nid, inode.nid, offset),
    dotDot: (nid, offset) => expectNid(session, subject, '..', nid, parent, offset),
    child: async (name, nid, type, offset) => {
      const child: Place = { parent: place, name: name.slice(), nid };
      const before = session.inodes.get(nid);
      const met = before === undefined ? await meet(session, child) : undefined;
      const reached = session.inodes.get(nid);
      if (reached === undefined) return;
      reached.names++;
      checkType(session, { place: child, nid }, reached, type, offset);
      if ((reached.mode & S_IFMT) !== S_IFDIR) return;
      if (met === undefined) {
        sayTwice(session, { place: child, nid }, offset);
      } else {
        known.subdirectories++;
        below.push({ inode: met, place: child, parent: inode.nid });
      }
    },
  };
  await new DirectoryCheck(session, subject, inode, visitor).run();
  // In the order of the names.
  for (const child of below.reverse()) pending.push(child);
}

/** Checks an inode that a name leads to for the first time, and remembers it. undefined: it cannot be read. */
async function meet(session: Session, place: Place): Promise<Inode | undefined> {
  const inode = await checkInode(session, { place, nid: place.nid });
  if (inode === undefined) {
    session.isComplete = false;
    return undefined;
  }
  const { mode, nlink } = inode;
  session.inodes.set(place.nid, { place, mode, nlink, names: 0, subdirectories: 0 });
  return inode;
}

function expectNid(
  { findings }: Session,
  subject: Subject,
  name: string,
  nid: number,
  expected: number,
  offset: number | undefined,
): void {
  if (nid === expected) return;
  const message = `directory ${nidName(subject.nid!)}: "${name}" leads to inode ${nidName(nid)}, expected ${nidName(expected)}`;
  findings.add('bad-dot', subject, message, offset);
}

function checkType(
  { findings }: Session,
  subject: Subject,
  { mode }: KnownInode,
  type: number,
  offset: number | undefined,
): void {
  const expected = DirentTypes.get(mode & S_IFMT);
  if (type === expected) return;
  const message = `inode ${nidName(subject.nid!)}: file_type ${type} in the directory, the mode ${mode.toString(8)} wants ${expected}`;
  findings.add('file-type', subject, message, offset);
}

function sayTwice({ findings, inodes }: Session, subject: Subject, offset: number | undefined): void {
  const { place } = inodes.get(subject.nid!)!;
  const isAbove = isAncestor(place, subject.place!);
  const what = isAbove ? 'the directory contains itself' : 'the directory has a second name';
  findings.add('directory-twice', subject, `inode ${nidName(subject.nid!)}: ${what}; not entered`, offset);
}

function isAncestor(candidate: Place, place: Place): boolean {
  for (let at = place.parent; at !== undefined; at = at.parent) if (at === candidate) return true;
  return false;
}
