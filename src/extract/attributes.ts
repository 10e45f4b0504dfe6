/**
 * Owner, extended attributes, mode and times, in this order: a change of owner takes setuid bits and capabilities
 * away, attributes need write permission, and every change counts as one of its time.
 */
import { chmodSync, chownSync, lchmodSync, lchownSync, lutimesSync, utimesSync } from 'node:fs';
import { type Xattr, xattrsOf } from '../commands/content.js';
import { isDirectory, isSymlink } from '../commands/mode-string.js';
import type { OpenTree } from '../commands/open-tree.js';
import { quoteName } from '../commands/quote.js';
import type { Entry } from '../commands/walk.js';
import { setTimes, setTimesNoFollow, setXattr, setXattrNoFollow } from '../system/libc.js';
import { codeOf, targetError } from './errors.js';
import type { MadeNode } from './made-node.js';
import type { Shortfalls } from './tally.js';

const IS_LINUX = process.platform === 'linux';

const S_ISUID = 0o4000;
const S_ISGID = 0o2000;

/** The attribute that gives whoever runs a file some of root's rights. */
const CAPABILITIES = Buffer.from('security.capability');

/** Who extracts: effective ids. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

export class AttributeWriter {
  readonly #open: OpenTree;
  readonly #identity: Identity;
  /** files may lend out the rights of their owner, group or capabilities */
  readonly #suid: boolean;
  readonly #shortfalls: Shortfalls;

  constructor(open: OpenTree, identity: Identity, suid: boolean, shortfalls: Shortfalls) {
    this.#open = open;
    this.#identity = identity;
    this.#suid = suid;
    this.#shortfalls = shortfalls;
  }

  /** Rejects with what the tree throws; the node then stays closed to all but its owner. What the target refuses is counted. */
  async write(node: MadeNode, entry: Entry): Promise<void> {
    const xattrs = await xattrsOf(this.#open, entry.node);
    const isOwn = this.#setOwner(node, entry);
    for (const xattr of xattrs) this.#setXattr(node, xattr, entry);
    if (!isSymlink(entry.attr.mode)) this.#setMode(node, this.#permissionsOf(entry, isOwn), entry);
    this.#setTimes(node, entry);
  }

  /** Gives whether the node has the image's owner and group now. */
  #setOwner({ path, byDescriptor }: MadeNode, entry: Entry): boolean {
    const { uid, gid } = entry.attr;
    const isSame = uid === this.#identity.uid && gid === this.#identity.gid;
    if (this.#identity.uid !== 0) {
      if (!isSame) {
        this.#shortfalls.add(
          'owners were not restored, which only root can do',
          () => `${uid}:${gid} of ${quoteName(entry.path)}`,
        );
      }
      return isSame;
    }
    try {
      if (byDescriptor) chownSync(path, uid, gid);
      else lchownSync(path, uid, gid);
      return true;
    } catch (error) {
      this.#refused(
        'owners were refused',
        `setting the owner of ${quoteName(entry.path)} to ${uid}:${gid}`,
        error,
      );
      return isSame;
    }
  }

  #setXattr({ path, byDescriptor }: MadeNode, { name, value }: Xattr, entry: Entry): void {
    if (!this.#suid && this.#identity.uid === 0 && CAPABILITIES.equals(name)) {
      this.#shortfalls.add('file capabilities were left out, which --suid keeps', () =>
        quoteName(entry.path),
      );
      return;
    }
    try {
      if (byDescriptor) setXattr(path, name, value);
      else setXattrNoFollow(path, name, value);
    } catch (error) {
      this.#refused(
        'extended attributes were refused',
        `${quoteName(name)} of ${quoteName(entry.path)}`,
        error,
      );
    }
  }

  #permissionsOf(entry: Entry, isOwn: boolean): number {
    const { mode } = entry.attr;
    const all = mode & 0o7777;
    if ((all & (S_ISUID | S_ISGID)) === 0) return all;
    // without the image's owner, the bits would lend out the rights of whoever extracts
    let kept = isOwn ? all : this.#withoutForeignRights(entry, all);
    if (!this.#suid) kept &= ~(isDirectory(mode) ? S_ISUID : S_ISUID | S_ISGID);
    if (kept !== all) {
      const why = isOwn ? 'which --suid keeps' : 'because the owner is another one';
      this.#shortfalls.add(`setuid or setgid bits were left out, ${why}`, () => quoteName(entry.path));
    }
    return kept;
  }

  /** A new file belongs to whoever extracts; where root may not give it away, nothing is known of either. */
  #withoutForeignRights({ attr: { uid, gid } }: Entry, permissions: number): number {
    const known = this.#identity.uid !== 0;
    return (
      permissions &
      ~(known && uid === this.#identity.uid ? 0 : S_ISUID) &
      ~(known && gid === this.#identity.gid ? 0 : S_ISGID)
    );
  }

  #setMode({ path, byDescriptor }: MadeNode, permissions: number, entry: Entry): void {
    try {
      // Linux cannot change the mode of a link, and has none where there are no descriptors' paths
      if (byDescriptor || IS_LINUX) chmodSync(path, permissions);
      else lchmodSync(path, permissions);
    } catch (error) {
      this.#refused('modes were refused', `${permissions.toString(8)} of ${quoteName(entry.path)}`, error);
    }
  }

  #setTimes(node: MadeNode, { attr: { mtimeSeconds, mtimeNanoseconds }, path: shown }: Entry): void {
    try {
      if (!IS_LINUX) setTimesRoughly(node, mtimeSeconds + mtimeNanoseconds / 1e9);
      else if (node.byDescriptor) setTimes(node.path, mtimeSeconds, mtimeNanoseconds);
      else setTimesNoFollow(node.path, mtimeSeconds, mtimeNanoseconds);
    } catch (error) {
      if (codeOf(error) !== 'no-native-package') {
        this.#refused('times were refused', quoteName(shown), error);
        return;
      }
      this.#shortfalls.add(
        'times were cut to microseconds, because the optional package koffi is missing',
        () => quoteName(shown),
      );
      setTimesRoughly(node, mtimeSeconds + mtimeNanoseconds / 1e9);
    }
  }

  #refused(kind: string, doing: string, error: unknown): void {
    this.#shortfalls.add(kind, () => targetError(doing, error).message);
  }
}

function setTimesRoughly({ path, byDescriptor }: MadeNode, time: number): void {
  if (byDescriptor) utimesSync(path, time, time);
  else lutimesSync(path, time, time);
}
