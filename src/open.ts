/**
 * The composition root: an image reference and options become source -> caches -> reader -> tree.
 * Runs in the command, and again inside every worker, from one structured-clonable ImageSpec.
 */
import { BlockCache } from './cache/block-cache.js';
import { drive } from './cache/driver.js';
import { ExtentCache } from './cache/extent-cache.js';
import { openFileSource } from './cache/file-source.js';
import { countedMemory } from './cache/lru.js';
import type { Source } from './cache/source.js';
import { loadCodecs } from './erofs-reader/codec.js';
import { ErofsError } from './erofs-reader/errors.js';
import { ErofsImage } from './erofs-reader/image.js';
import { readSuperblock } from './erofs-reader/superblock.js';
import { ImageTree } from './tree/image-tree.js';
import type { ReadonlyTree } from './tree/tree.js';

/** Everything that is needed to open an image again in another thread or process. Paths are absolute. */
export interface ImageSpec {
  readonly image: string;
  /** byte offset of the file system in `image` (mkfs.erofs --offset); 0 unless given */
  readonly offset?: number;
  /** the extra devices, in device table order */
  readonly devices?: readonly string[];
  /** open an image that is shorter than its superblock says; reads beyond the end still fail */
  readonly allowTruncated?: boolean;
  /** every node is shown with this owner instead of its own */
  readonly uid?: number;
  readonly gid?: number;
}

/** A problem that was met and left out, while the rest goes on: an invalid name in a directory. */
export type ProblemReport = (problem: Error) => void;

export interface OpenedImage {
  readonly tree: ReadonlyTree;
  readonly image: ErofsImage;
  /** Runs an operation on tree or image; a promise only where bytes had to be fetched. It may run several times. */
  run<T>(operation: () => T): T | Promise<T>;
  close(): void;
}

/**
 * Metadata is read in blocks of this many bytes: inodes, names and xattrs that are used together lie together,
 * and a pread of 16 KiB costs hardly more than one of 4.
 */
const METADATA_BLOCK_SIZE = 16 << 10;
const METADATA_BUDGET = 16 << 20;
const DECODED_BUDGET = 16 << 20;
const INODES_KEPT = 4096;

/** Throws ErofsError, or the system's error (code ENOENT, EACCES, …) for a path that cannot be opened. */
export async function openImage(spec: ImageSpec, report: ProblemReport = () => {}): Promise<OpenedImage> {
  const sources: Source[] = [];
  try {
    for (const path of [spec.image, ...(spec.devices ?? [])]) sources.push(openFileSource(path));
    return await openSources(sources, spec, report);
  } catch (error) {
    for (const source of sources) source.close();
    throw error instanceof ErofsError ? namingImage(error, spec.image) : error;
  }
}

/** The reader does not know what its bytes are called; people do. */
function namingImage(error: ErofsError, name: string): ErofsError {
  return new ErofsError(error.code, `${name}: ${error.message}`, error, { cause: error });
}

/** As openImage, over sources that the caller made: the image first, then the extra devices. */
export async function openSources(
  sources: readonly Source[],
  spec: Omit<ImageSpec, 'image' | 'devices'>,
  report: ProblemReport = () => {},
): Promise<OpenedImage> {
  const devices = sources.map((source, i) => ({ source, base: i === 0 ? (spec.offset ?? 0) : 0 }));
  const bytes = new BlockCache(devices, METADATA_BUDGET, METADATA_BLOCK_SIZE);
  const decoded = new ExtentCache(DECODED_BUDGET);
  const allowTruncated = spec.allowTruncated ?? false;
  const { algorithms } = await drive(() => readSuperblock(bytes), bytes);
  await loadCodecs(algorithms);
  const image = await drive(() => new ErofsImage(bytes, { decoded, allowTruncated }), bytes);
  return {
    image,
    tree: new ImageTree(image, {
      uid: spec.uid,
      gid: spec.gid,
      report,
      nodes: countedMemory(INODES_KEPT),
    }),
    run: (operation) => drive(operation, bytes),
    close: () => bytes.close(),
  };
}
