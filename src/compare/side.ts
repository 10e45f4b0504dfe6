/**
 * One of two trees that are compared.
 *
 * LAW of this room: both sides are only looked at; what is known to be the same bytes is not read.
 */
import type { Xattr } from '../commands/content.js';
import type { Attr } from '../tree/tree.js';

export interface SideEntry<Handle = unknown> {
  /** relative to the top, which is "." */
  readonly path: Uint8Array;
  readonly name: Uint8Array;
  /** sizes of directories, blocks, ino and nlink are the file system's own, and are not compared */
  readonly attr: Attr;
  /** what the side itself finds the file by */
  readonly handle: Handle;
}

/** All of it rejects as the image's reader does, or with the system's error. */
export interface Side<Handle = unknown> {
  top(): Promise<SideEntry<Handle>>;
  /** Sorted by bytes; what cannot be looked at goes to `problem` and is left out. */
  content(
    directory: SideEntry<Handle>,
    problem: (path: Uint8Array, error: unknown) => void,
  ): Promise<SideEntry<Handle>[]>;
  target(entry: SideEntry<Handle>): Promise<Uint8Array>;
  /** sorted by name */
  xattrs(entry: SideEntry<Handle>): Promise<Xattr[]>;
  /** Files with equal marks have the same bytes, whichever sides they are of; undefined where nothing is known. */
  mark(entry: SideEntry<Handle>): Promise<string | undefined>;
  /** Gives the content in order, in pieces that fill a buffer of PIECE_SIZE but for the last. */
  pieces(entry: SideEntry<Handle>): AsyncGenerator<Uint8Array>;
}

export function sortByName<Entry extends { readonly name: Uint8Array }>(entries: Entry[]): Entry[] {
  return entries.sort((left, right) => Buffer.compare(left.name, right.name));
}
