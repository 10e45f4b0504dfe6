/** Which bytes of the image and its devices an inode takes, and for what: its index, attributes and data (erofs-format §4 to §10). */

import { indexKind } from '../commands/index-kind.js';
import { roundUp } from '../erofs-reader/bytes.js';
import type { Extent } from '../erofs-reader/extent.js';
import type { ErofsImage } from '../erofs-reader/image.js';
import { type Inode, isType } from '../erofs-reader/inode.js';
import {
  ALGORITHM_NAMES,
  CHUNK_FORMAT,
  FEATURE_COMPAT,
  Layout,
  S_IFDIR,
  XATTR_BODY_HEADER_SIZE,
  XATTR_ENTRY_HEADER_SIZE,
  Z_ADVISE,
} from '../erofs-reader/layout.js';
import { CompactIndex } from '../erofs-reader/lcluster-compact.js';
import { FullIndex } from '../erofs-reader/lcluster-full.js';
import { decodeMapHeader, MAP_HEADER_SIZE } from '../erofs-reader/map-header.js';
import { hasData } from '../report/extents.js';
import { chunkSize } from '../report/inode-fields.js';
import type { BlockKind } from './shapes.js';

export interface InodeRange {
  readonly kind: BlockKind;
  readonly device: number;
  readonly start: number;
  readonly end: number;
}

/** All but its data. What lies in the metabox is left out: it takes bytes of the metabox's. Throws as its index does, Miss. */
export function metadataRanges(image: ErofsImage, inode: Inode): InodeRange[] {
  if (inode.inMetabox) return sharedXattrs(image, inode);
  const { offset, xattrOffset, end } = inode;
  const range = (kind: BlockKind, start: number, end: number) => ({ kind, device: 0, start, end });
  const index = hasData(inode) ? indexEnd(image, inode) : undefined;
  return [
    range('inode', offset, xattrOffset),
    range('xattr', xattrOffset, end),
    ...(index === undefined
      ? []
      : [range(inode.layout === Layout.CHUNK_BASED ? 'chunk-table' : 'index', end, index)]),
    ...sharedXattrs(image, inode),
  ];
}

/** Where what maps its data ends; undefined for what needs nothing. */
function indexEnd(image: ErofsImage, inode: Inode): number | undefined {
  const kind = indexKind(image, inode);
  if (kind === undefined) return undefined;
  const chunk = chunkSize(image, inode);
  if (chunk !== undefined) {
    const entry = inode.chunkFormat & CHUNK_FORMAT.INDEXES ? 8 : 4;
    return roundUp(inode.end, entry) + Math.ceil(inode.size / chunk) * entry;
  }
  const offset = roundUp(inode.end, MAP_HEADER_SIZE);
  if (kind === 'whole-fragment') return offset + MAP_HEADER_SIZE;
  const view = image.metadata(false, offset, MAP_HEADER_SIZE, { nid: inode.nid });
  const header = decodeMapHeader(view, offset, image.geometry.blockSize);
  if (inode.layout === Layout.COMPRESSED_COMPACT) return new CompactIndex(image, inode, header).end;
  if (!(header.advise & Z_ADVISE.EXTENTS)) return new FullIndex(image, inode, header).end;
  const record = 4 << ((header.advise >> 1) & 3);
  const count = record <= 8 ? Math.ceil(inode.size / header.lclusterSize) : header.extentCount;
  const first = roundUp(offset + MAP_HEADER_SIZE, record);
  // records of 4 bytes begin behind the address that they count from
  return first + (record === 4 ? 8 : 0) + count * record;
}

/** The attributes in the shared area that an inode refers to. */
function sharedXattrs(image: ErofsImage, inode: Inode): InodeRange[] {
  const { featureCompat, xattrOffset: area } = image.geometry;
  const { inMetabox, xattrOffset, xattrSize, nid } = inode;
  if (xattrSize <= XATTR_BODY_HEADER_SIZE || featureCompat & FEATURE_COMPAT.SHARED_EA_IN_METABOX) return [];
  const body = image.metadata(inMetabox, xattrOffset, xattrSize, { nid });
  const count = Math.min(body.getUint8(4), (xattrSize - XATTR_BODY_HEADER_SIZE) / 4);
  const ids = Array.from({ length: count }, (_, i) => body.getUint32(XATTR_BODY_HEADER_SIZE + 4 * i, true));
  return ids.map((id) => {
    const start = area + 4 * id;
    const entry = image.metadata(false, start, XATTR_ENTRY_HEADER_SIZE, { nid });
    const length = XATTR_ENTRY_HEADER_SIZE + entry.getUint8(0) + entry.getUint16(2, true);
    return { kind: 'xattr', device: 0, start, end: start + length };
  });
}

/** What an extent of an inode takes; undefined for holes, fragments, and what lies in the metabox. `own`: of a special inode. */
export function dataRange(
  image: ErofsImage,
  inode: Inode,
  extent: Extent,
  own: BlockKind | undefined,
): InodeRange | undefined {
  const special = own ?? (isType(inode, S_IFDIR) ? 'directory' : undefined);
  const { blockSize } = image.geometry;
  switch (extent.kind) {
    case 'hole':
    case 'fragment':
      return undefined;
    case 'inline':
      if (extent.inMetabox) return undefined;
      return {
        kind: special ?? 'inline',
        device: 0,
        start: extent.offset,
        end: extent.offset + extent.length,
      };
    case 'raw': {
      const start = Math.floor(extent.offset / blockSize) * blockSize;
      const end = roundUp(extent.offset + extent.length, blockSize);
      return { kind: special ?? 'plain', device: extent.device, start, end };
    }
    case 'coded': {
      const { device, inMetabox, offset, encodedLength, algorithm } = extent;
      if (device === undefined && inMetabox) return undefined;
      const kind = special ?? (ALGORITHM_NAMES[algorithm].toLowerCase() as Lowercase<AlgorithmName>);
      return { kind, device: device ?? 0, start: offset, end: offset + encodedLength };
    }
  }
}

type AlgorithmName = (typeof ALGORITHM_NAMES)[number];
