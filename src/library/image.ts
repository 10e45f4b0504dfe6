/** What the library shows of an image: shapes alone, the same in Node.js and in browsers. */

/** From the root of the image; text is taken as UTF-8. A leading "/" may be left out; "" is the root. */
export type Path = string | Uint8Array;

/** How names, paths and link targets are given: as text, or as the bytes that they are. */
export type NameEncoding = 'text' | 'bytes';

/** EROFS has what Linux has. */
export type NodeType =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'fifo'
  | 'socket'
  | 'unknown';

/** stat(2) of a node, as Linux's own erofs reports it. */
export interface Stats {
  /** what kind of node it is */
  readonly type: NodeType;
  /** the number of its inode */
  readonly ino: number;
  /** S_IFMT and permission bits */
  readonly mode: number;
  /** the number of its owner */
  readonly uid: number;
  /** the number of its group */
  readonly gid: number;
  /** hard links to it */
  readonly nlink: number;
  /** bytes */
  readonly size: number;
  /** units of 512 bytes */
  readonly blocks: number;
  /** bytes */
  readonly blockSize: number;
  /** of a device node, else 0 */
  readonly major: number;
  /** of a device node, else 0 */
  readonly minor: number;
  /** seconds since 1970, negative before it */
  readonly mtimeSeconds: number;
  /** 0 .. 999999999, counted forward from mtimeSeconds */
  readonly mtimeNanoseconds: number;
}

/** One name of a directory. */
export interface Entry<Name> {
  /** one component, without any "/" */
  readonly name: Name;
  /** what the directory says; the stats of the node have the last word */
  readonly type: NodeType;
}

/** One node of a walk. */
export interface WalkEntry<Name> {
  /** components joined by "/", relative to where the walk began, which is itself "." */
  readonly path: Name;
  /** of the node itself, also of a link */
  readonly stats: Stats;
}

/** An extended attribute. */
export interface Xattr<Name> {
  /** full name, such as "user.a" */
  readonly name: Name;
  /** unchanged, as Linux gives it */
  readonly value: Uint8Array;
}

/** As fs.createReadStream() has it. */
export interface StreamRange {
  /** the first byte; 0 unless given */
  readonly start?: number | undefined;
  /** the last byte, not the one behind it; that of the file unless given, or where it is beyond */
  readonly end?: number | undefined;
}

/** How a walk goes on where it cannot read. */
export interface WalkOptions<Name> {
  /** told of what cannot be read, while the rest goes on; without it the walk rejects there */
  readonly problem?: ((path: Name, error: Error) => void) | undefined;
}

/**
 * An opened image. All of it rejects with errors that have a string `code`: 'no-such-path', 'not-directory', 'is-directory',
 * 'not-regular', 'not-symlink' and 'symlink-loop' for paths; 'corrupt', 'undecodable', 'truncated', 'unsupported', 'integrity'
 * and 'io' for bytes; 'closed' once close() was called; 'not-utf8' where a name is no text.
 *
 * Absolute link targets begin at the root of the image, and ".." never leads out of it. Calls may run side by side.
 */
export interface Image<Name = string> {
  /** Of what `path` leads to. */
  stat(path: Path): Promise<Stats>;
  /** As stat(), of the link itself where the last name is one. */
  lstat(path: Path): Promise<Stats>;
  /** The names of a directory in the order of the image, without "." and "..", some hundred held at a time. */
  readdir(path: Path): AsyncGenerator<Entry<Name>, void, undefined>;
  /** Where a symbolic link leads, as it is stored. */
  readlink(path: Path): Promise<Name>;
  /** Of the link itself where the last name is one; sorted by name. */
  xattrs(path: Path): Promise<Xattr<Name>[]>;
  /** All bytes of a file. */
  readFile(path: Path): Promise<Uint8Array>;
  /** Fills `buffer` from byte `offset` of a file, 0 unless given; gives the bytes filled, less than its length only at the end. */
  read(path: Path, buffer: Uint8Array, offset?: number): Promise<number>;
  /** Every node at and below `path`, each directory before its content. */
  walk(path?: Path, options?: WalkOptions<Name>): AsyncGenerator<WalkEntry<Name>, void, undefined>;
  /** Lets go of files and connections. What still runs rejects; a second call does nothing. */
  close(): Promise<void>;
}
