/** The public API: images as trees. Mounts are made by the command. */

export type { BlobRange, Source } from './cache/source.js';
export { isMiss, type Miss, type MissedRange } from './erofs-reader/bytes.js';
export { ErofsError, type ErofsErrorCode } from './erofs-reader/errors.js';
export { ErofsImage } from './erofs-reader/image.js';
export {
  type ImageSpec,
  type LayerSpec,
  type OpenedImage,
  type OpenedLayer,
  openImage,
  openSources,
  type ProblemReport,
} from './open.js';
export {
  type Attr,
  type DirEntry,
  FileType,
  type NodeId,
  type ReadonlyTree,
  type StatFs,
  TreeError,
} from './tree/tree.js';
