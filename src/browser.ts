/**
 * The public API of browsers: docs/library.md.
 *
 * @module erofsjs/browser
 */

export {
  type BrowserImage,
  type BrowserOptions,
  type ImageLocation,
  openImage,
} from './browser/open-image.js';
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
