/** The one Extent type that every data layout is normalised to, and the way from an inode to its mapper. */
import { nidName } from './bytes.js';
import { corrupt } from './errors.js';
import { ChunkMapper } from './extent-chunk.js';
import { compressedMapper } from './extent-compressed.js';
import { FlatMapper } from './extent-flat.js';
import type { ErofsImage } from './image.js';
import type { Inode } from './inode.js';
import { type Algorithm, Layout } from './layout.js';

interface Span {
  /** byte of the file where the extent starts */
  readonly start: number;
  /** bytes of the file; always at least 1 */
  readonly length: number;
}

/** Zeros that are stored nowhere. */
export interface HoleExtent extends Span {
  readonly kind: 'hole';
}

/** Bytes as they are, on a device: byte start + i of the file is byte offset + i there. */
export interface RawExtent extends Span {
  readonly kind: 'raw';
  readonly device: number;
  readonly offset: number;
}

/** Bytes as they are, behind the inode in its metadata place. */
export interface InlineExtent extends Span {
  readonly kind: 'inline';
  readonly inMetabox: boolean;
  readonly offset: number;
}

/** A pcluster whose decoded bytes begin with the extent. */
export interface CodedExtent extends Span {
  readonly kind: 'coded';
  readonly algorithm: Algorithm;
  /** undefined: the pcluster lies in the inode's metadata place (ztailpacking) */
  readonly device: number | undefined;
  readonly inMetabox: boolean;
  readonly offset: number;
  readonly encodedLength: number;
  /** the pcluster decodes to more than this extent (dedupe) */
  readonly partial: boolean;
}

/** Bytes of the packed inode's data, from `offset` on. */
export interface FragmentExtent extends Span {
  readonly kind: 'fragment';
  readonly offset: number;
}

export type Extent = HoleExtent | RawExtent | InlineExtent | CodedExtent | FragmentExtent;

/** Maps one inode. May remember what it decoded of the inode's index; never data. */
export interface ExtentMapper {
  /**
   * The extent that holds byte `position`, 0 <= position < size of the file. `until` says how far the caller
   * will read: neighbours that lie contiguously may be merged up to there.
   */
  map(position: number, until: number): Extent;
}

export function createMapper(image: ErofsImage, inode: Inode): ExtentMapper {
  switch (inode.layout) {
    case Layout.FLAT_PLAIN:
    case Layout.FLAT_INLINE:
      return new FlatMapper(image, inode);
    case Layout.CHUNK_BASED:
      return new ChunkMapper(image, inode);
    case Layout.COMPRESSED_FULL:
    case Layout.COMPRESSED_COMPACT:
      return compressedMapper(image, inode);
    default:
      throw corrupt(`inode ${nidName(inode.nid)}: data layout ${String(inode.layout)}`, { nid: inode.nid });
  }
}
