/**
 * The public API: images as trees of files, and mounts. docs/library.md tells how it is used.
 *
 * @module erofsjs
 */

export type {
  Entry,
  Image,
  NameEncoding,
  NodeType,
  Path,
  Stats,
  StreamRange,
  WalkEntry,
  WalkOptions,
  Xattr,
} from './library/image.js';
export { type Mount, type MountOptions, mount, type UnmountOptions } from './library/mount-image.js';
export { type ImageOptions, type NodeImage, openImage } from './library/open-image.js';
export type { OpenOptions, Setting } from './library/open-options.js';
