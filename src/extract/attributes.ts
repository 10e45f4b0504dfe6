/**
 * Owner, extended attributes, mode and times, in this order: a change of owner takes setuid bits and capabilities
 * away, attributes need write permission, and every change counts as one of its time. Links are never followed.
 * `path` is always one that a TargetDirectory gave.
 */
import { chmodSync, closeSync, constants, lchmodSync, lchownSync, lutimesSync, openSync } from 'node:fs';
import { type Xattr, xattrsOf } from '../commands/content.js';
import { isSymlink } from '../commands/mode-string.js';
import type { OpenTree } from '../commands/open-tree.js';
import { quoteName } from '../commands/quote.js';
import type { Entry } from '../commands/walk.js';
import { setTimesNoFollow, setXattrNoFollow } from '../system/libc.js';
import type { Attr } from '../tree/tree.js';
import { codeOf, targetError } from './errors.js';
import type { Shortfalls } from './tally.js';

const IS_LINUX = process.platform === 'linux';

/** Node does not name this flag; its value is that of every architecture that Node runs on. */
const O_PATH = 0o10000000;

const S_ISUID = 0o4000;
const S_ISGID = 0o2000;

/** Who extracts: effective ids. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

export class AttributeWriter {
  readonly #open: OpenTree;
  readonly #identity: Identity;
  readonly #shortfalls: Shortfalls;

  constructor(open: OpenTree, identity: Identity, shortfalls: Shortfalls) {
    this.#open = open;
    this.#identity = identity;
    this.#shortfalls = shortfalls;
  }

  /** Rejects with ExtractError, or what the tree throws; the file then stays closed to all but its owner. */
  async write(path: Buffer, entry: Entry): Promise<void> {
    const xattrs = await xattrsOf(this.#open, entry.node);
    this.#setOwner(path, entry);
    for (const xattr of xattrs) this.#setXattr(path, xattr, entry);
    if (!isSymlink(entry.attr.mode)) setMode(path, this.#permissionsOf(entry));
    this.#setTimes(path, entry);
  }

  #setOwner(path: Buffer, entry: Entry): void {
    const { uid, gid } = entry.attr;
    if (this.#identity.uid === 0) {
      attempt(`setting its owner to ${uid}:${gid}`, () => lchownSync(path, uid, gid));
    } else if (uid !== this.#identity.uid || gid !== this.#identity.gid) {
      this.#shortfalls.add(
        'owners were not restored, which only root can do',
        () => `${uid}:${gid} of ${quoteName(entry.path)}`,
      );
    }
  }

  #setXattr(path: Buffer, { name, value }: Xattr, entry: Entry): void {
    try {
      setXattrNoFollow(path, name, value);
    } catch (error) {
      this.#shortfalls.add(
        'extended attributes were refused',
        () => targetError(`${quoteName(name)} of ${quoteName(entry.path)}`, error).message,
      );
    }
  }

  /** Without the image's owner, a setuid or setgid bit would lend out the rights of whoever extracts. */
  #permissionsOf(entry: Entry): number {
    const { mode, uid, gid } = entry.attr;
    let permissions = mode & 0o7777;
    if (this.#identity.uid === 0) return permissions;
    if (uid !== this.#identity.uid) permissions &= ~S_ISUID;
    if (gid !== this.#identity.gid) permissions &= ~S_ISGID;
    if (permissions !== (mode & 0o7777)) {
      this.#shortfalls.add('setuid or setgid bits were left out, because the owner is another one', () =>
        quoteName(entry.path),
      );
    }
    return permissions;
  }

  #setTimes(path: Buffer, { attr, path: shown }: Entry): void {
    try {
      if (IS_LINUX) setTimesNoFollow(path, attr.mtimeSeconds, attr.mtimeNanoseconds);
      else setTimesRoughly(path, attr);
    } catch (error) {
      if (codeOf(error) !== 'no-native-package') throw targetError('setting its time', error);
      this.#shortfalls.add(
        'times were cut to microseconds, because the optional package koffi is missing',
        () => quoteName(shown),
      );
      setTimesRoughly(path, attr);
    }
  }
}

function setMode(path: Buffer, permissions: number): void {
  attempt(`setting its mode to ${permissions.toString(8)}`, () => {
    if (!IS_LINUX) return lchmodSync(path, permissions);
    // Linux cannot change a mode without following links, except through a descriptor.
    const descriptor = openSync(path, O_PATH | constants.O_NOFOLLOW);
    try {
      chmodSync(`/proc/self/fd/${descriptor}`, permissions);
    } finally {
      closeSync(descriptor);
    }
  });
}

function setTimesRoughly(path: Buffer, { mtimeSeconds, mtimeNanoseconds }: Attr): void {
  const time = mtimeSeconds + mtimeNanoseconds / 1e9;
  attempt('setting its time', () => lutimesSync(path, time, time));
}

function attempt(doing: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    throw targetError(doing, error);
  }
}
