/**
 * What a mount shows, whatever is behind it: one image, merged layers, or an object store.
 *
 * LAW: synchronous and read-only; every call may be repeated. A call throws an ErofsError (or any error with
 * a string `code`) for what is wrong with the bytes, and a Miss for bytes that are not here yet.
 * Names and link targets are bytes; they need not be UTF-8.
 */

/** A node's identity: a non-negative safe integer, stable for the life of the image and equal in every worker. */
export type NodeId = number;

/** On-disk file types (erofs-format §8), which are also what `DirEntry.type` carries. */
export const FileType = {
  unknown: 0,
  regular: 1,
  directory: 2,
  character: 3,
  block: 4,
  fifo: 5,
  socket: 6,
  symlink: 7,
} as const;
export type FileType = (typeof FileType)[keyof typeof FileType];

/** stat(2) of one node, as Linux's erofs reports it (erofs-format §15). */
export interface Attr {
  readonly ino: number;
  /** S_IFMT and permission bits */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  /** bytes; 0 for device nodes */
  readonly size: number;
  /** units of 512 bytes */
  readonly blocks: number;
  /** st_blksize: the image's block size in bytes */
  readonly blockSize: number;
  readonly major: number;
  readonly minor: number;
  /** atime = mtime = ctime; seconds since 1970, negative before it */
  readonly mtimeSeconds: number;
  /** 0 .. 999999999, counted forward from mtimeSeconds */
  readonly mtimeNanoseconds: number;
}

/** One name of a directory. Borrowed: valid only until the `emit` call that gave it returns. */
export interface DirEntry {
  readonly name: Uint8Array;
  readonly node: NodeId;
  readonly ino: number;
  readonly type: FileType;
  /** give this to readdir() to go on after this entry; stable for the life of the image */
  readonly cookie: number;
}

export interface StatFs {
  /** bytes */
  readonly blockSize: number;
  /** total blocks of the image and its extra devices */
  readonly blocks: number;
  readonly inodes: number;
  readonly nameMax: number;
}

/** Bytes that were decoded, and where they stand in their file. */
export interface DecodedBytes {
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** whether the file ends with them */
  readonly isEnd: boolean;
}

export interface ReadonlyTree {
  readonly root: NodeId;
  /** undefined where the directory has no such name; throws code 'not-directory' where parent is none */
  lookup(parent: NodeId, name: Uint8Array): NodeId | undefined;
  getattr(node: NodeId): Attr;
  /** throws code 'not-symlink' */
  readlink(node: NodeId): Uint8Array;
  /**
   * Entries after `cookie` (0: from the start), "." and ".." included once, in on-disk order, until `emit`
   * returns false; the entry it refused is given again by the next call with the last accepted cookie.
   * Entries that break the format are left out and reported (see open.ts); the rest goes on.
   */
  readdir(node: NodeId, cookie: number, emit: (entry: DirEntry) => boolean): void;
  /** Fills dst from byte `offset` of the file; returns the bytes filled, less than dst.length only at the end. */
  read(node: NodeId, offset: number, dst: Uint8Array): number;
  /** Bytes that are at hand because they were decoded together with the one at `offset`. Borrowed until the next call. */
  decodedAround?(node: NodeId, offset: number): DecodedBytes | undefined;
  /**
   * SEEK_DATA / SEEK_HOLE: the first offset >= `offset` that is data (a hole); the end of the file is a hole.
   * undefined (ENXIO) where there is none, or where offset is at or after the end.
   */
  seek(node: NodeId, offset: number, what: 'data' | 'hole'): number | undefined;
  /** Full name, such as "user.a". undefined where the node has no such attribute. */
  getxattr(node: NodeId, name: Uint8Array): Uint8Array | undefined;
  /** Full names, in on-disk order. All namespaces: whoever serves users hides what they may not see. */
  listxattr(node: NodeId): Uint8Array[];
  statfs(): StatFs;
}

const DOT = 0x2e;

/** "." and "..", which every directory has. */
export function isSelfOrParent(name: Uint8Array): boolean {
  return name[0] === DOT && (name.length === 1 || (name.length === 2 && name[1] === DOT));
}

/** An error of a tree call that is the caller's mistake rather than the image's. */
export class TreeError extends Error {
  override readonly name = 'TreeError';
  readonly code: 'not-directory' | 'not-symlink' | 'is-directory' | 'no-such-node';

  constructor(code: TreeError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
