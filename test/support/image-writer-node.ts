/** The nodes of a tree to be written: an inode's fields, its body or its names, and its xattrs. */
import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from '../../src/erofs-reader/layout.js';
import { type Body, deviceNumber, inline, raw } from './image-writer-body.js';
import type { XattrSpec } from './image-writer-xattr.js';

export interface NodeFields {
  /** permission bits; 0o644 for files, 0o755 for directories, 0o777 for symlinks unless given */
  readonly permissions?: number;
  /** 32 bytes rather than 64; then `seconds` counts from the image's epoch */
  readonly compact?: boolean;
  readonly uid?: number;
  readonly gid?: number;
  /** the number of names, and of subdirectories with 2, unless given */
  readonly nlink?: number;
  /** mtime; bigint for what is no safe integer */
  readonly seconds?: number | bigint;
  readonly nanoseconds?: number;
  readonly xattrs?: readonly XattrSpec[];
  /** the name filter's word; what the names ask for unless given */
  readonly nameFilter?: number;
  /** the inode and all that is attached to it lie in the metabox */
  readonly metabox?: boolean;
  /** the place in units of 32 bytes from the metadata area's start, as far out as one likes */
  readonly nid?: number;
  /** the last word about the inode's bytes, before they are written */
  readonly patch?: (inode: DataView) => void;
}

/** The same object under several names is a hard link. */
export interface NodeSpec extends NodeFields {
  /** file type and permission bits */
  readonly mode: number;
  /** absent for directories whose names are given */
  readonly body?: Body;
  readonly names?: DirectorySpec;
}

/**
 * What a name leads to: a node, or a nid (u64, bit 63 the metabox) that need not exist, of which the directory says
 * the EROFS file type `type`, 0 unless given; or a directory that stands above the name: its own, the one above it, the root.
 */
export type Target =
  | NodeSpec
  | { readonly toNid: bigint; readonly type?: number }
  | { readonly to: 'self' | 'parent' | 'root' };

export interface DirectorySpec {
  readonly entries: readonly (readonly [name: Uint8Array, target: Target])[];
  /** "." is not stored */
  readonly dotOmitted: boolean;
  /** the last block stands behind the inode; in the metabox always */
  readonly inline: boolean;
  /** in the order given, and without "." and ".." unless they are among them */
  readonly asGiven: boolean;
  /** the last word about the directory's bytes */
  readonly edit: ((data: DataView) => void) | undefined;
}

export interface DirectoryFields extends NodeFields {
  readonly dotOmitted?: boolean;
  readonly inline?: boolean;
  readonly asGiven?: boolean;
  readonly edit?: (data: DataView) => void;
}

/** Names as text are UTF-8; those that are not are given as bytes, in pairs with what they lead to. */
export type Entries = Readonly<Record<string, Target>> | readonly (readonly [Uint8Array | string, Target])[];

const encoder = new TextEncoder();

/** "." and ".." come by themselves, and all names are sorted, unless they are to stand as given. */
export function directory(entries: Entries = {}, fields: DirectoryFields = {}): NodeSpec {
  const { dotOmitted = false, inline: isInline = false, asGiven = false, edit, ...rest } = fields;
  const pairs = Array.isArray(entries)
    ? (entries as readonly (readonly [Uint8Array | string, Target])[])
    : Object.entries(entries as Readonly<Record<string, Target>>);
  return {
    mode: S_IFDIR | (fields.permissions ?? 0o755),
    names: {
      entries: pairs.map(([name, target]) => [
        typeof name === 'string' ? encoder.encode(name) : name,
        target,
      ]),
      dotOmitted,
      inline: isInline,
      asGiven,
      edit,
    },
    ...rest,
  };
}

/** Text and bytes are stored inline; give a body for anything else. */
export function file(data: Uint8Array | string | Body, fields: NodeFields = {}): NodeSpec {
  return { mode: S_IFREG | (fields.permissions ?? 0o644), body: asBody(data), ...fields };
}

export function symlink(target: Uint8Array | string | Body, fields: NodeFields = {}): NodeSpec {
  return { mode: S_IFLNK | (fields.permissions ?? 0o777), body: asBody(target), ...fields };
}

export function device(
  type: 'character' | 'block',
  major: number,
  minor: number,
  fields: NodeFields = {},
): NodeSpec {
  const kind = type === 'character' ? S_IFCHR : S_IFBLK;
  return { mode: kind | (fields.permissions ?? 0o644), body: deviceNumber(major, minor), ...fields };
}

export function fifo(fields: NodeFields = {}): NodeSpec {
  return { mode: S_IFIFO | (fields.permissions ?? 0o644), body: raw({ layout: 0, size: 0 }), ...fields };
}

export const isDirectory = ({ mode }: NodeSpec): boolean => (mode & S_IFMT) === S_IFDIR;

const asBody = (data: Uint8Array | string | Body): Body =>
  typeof data === 'string' || data instanceof Uint8Array ? inline(data) : data;
