/** An inode, its xattr body and what its data begins with, as they stand on disk (docs/erofs-format.md §5, §6, §9, §10). */
import { roundUp } from '../erofs-reader/bytes.js';
import type { ErofsImage } from '../erofs-reader/image.js';
import { type Inode, isType } from '../erofs-reader/inode.js';
import {
  CHUNK_FORMAT,
  COMPACT_INODE_SIZE,
  EXTENDED_INODE_SIZE,
  LAYOUT_NAMES,
  Layout,
  S_IFDIR,
  XATTR_BODY_HEADER_SIZE,
  Z_ADVISE,
} from '../erofs-reader/layout.js';
import { MAP_HEADER_SIZE } from '../erofs-reader/map-header.js';
import { type FieldRule, type OnDiskStructure, readFields } from './on-disk-field.js';

const octal = (value: number): string => `0${value.toString(8)}`;
const hexadecimal = (value: number): string => `0x${value.toString(16)}`;

/** What i_u is called depends on the layout, and i_nb on where a compact inode keeps its links. */
const commonRules = (inode: Inode, i_nb: string): readonly FieldRule[] => [
  {
    offset: 0,
    name: 'i_format',
    kind: 'u16',
    meaning: (format) =>
      [
        inode.extended ? 'extended' : 'compact',
        LAYOUT_NAMES[inode.layout],
        ...(format & 0x10 ? [isType(inode, S_IFDIR) ? 'dot omitted' : 'nlink 1'] : []),
      ].join(' '),
  },
  { offset: 2, name: 'i_xattr_icount', kind: 'u16', meaning: () => `${inode.xattrSize} bytes` },
  { offset: 4, name: 'i_mode', kind: 'u16', meaning: octal },
  { offset: 6, name: i_nb, kind: 'u16' },
];

const compactRules = (i_u: string): readonly FieldRule[] => [
  { offset: 8, name: 'i_size', kind: 'u32' },
  { offset: 12, name: 'i_mtime', kind: 'u32' },
  { offset: 16, name: i_u, kind: 'u32' },
  { offset: 20, name: 'i_ino', kind: 'u32' },
  { offset: 24, name: 'i_uid', kind: 'u16' },
  { offset: 26, name: 'i_gid', kind: 'u16' },
  { offset: 28, name: 'i_reserved', kind: 'u32' },
];

const extendedRules = (i_u: string): readonly FieldRule[] => [
  { offset: 8, name: 'i_size', kind: 'u64' },
  { offset: 16, name: i_u, kind: 'u32' },
  { offset: 20, name: 'i_ino', kind: 'u32' },
  { offset: 24, name: 'i_uid', kind: 'u32' },
  { offset: 28, name: 'i_gid', kind: 'u32' },
  { offset: 32, name: 'i_mtime', kind: 's64' },
  { offset: 40, name: 'i_mtime_nsec', kind: 'u32' },
  { offset: 44, name: 'i_nlink', kind: 'u32' },
  { offset: 48, name: 'i_reserved2', kind: 'bytes', length: 16 },
];

const XATTR_HEADER: readonly FieldRule[] = [
  { offset: 0, name: 'h_name_filter', kind: 'u32', meaning: hexadecimal },
  { offset: 4, name: 'h_shared_count', kind: 'u8' },
  { offset: 5, name: 'h_reserved2', kind: 'bytes', length: 7 },
];

/** The inode first. Throws 'truncated', 'corrupt', Miss. */
export function inodeStructures(image: ErofsImage, inode: Inode): OnDiskStructure[] {
  const { inMetabox, extended, xattrOffset, xattrSize, nid } = inode;
  const place = inMetabox ? 'metabox' : 'image';
  const structure = (name: string, offset: number, size: number, rules: readonly FieldRule[]) => {
    const view = image.metadata(inMetabox, offset, size, { nid });
    return { name, place, offset, fields: readFields(view, offset, rules) } as const;
  };
  const size = extended ? EXTENDED_INODE_SIZE : COMPACT_INODE_SIZE;
  const structures: OnDiskStructure[] = [
    structure(`struct erofs_inode_${extended ? 'extended' : 'compact'}`, xattrOffset - size, size, [
      ...commonRules(inode, nameOfNb(image, inode, xattrOffset - size)),
      ...(extended ? extendedRules : compactRules)(nameOfU(inode)),
    ]),
  ];
  if (xattrSize >= XATTR_BODY_HEADER_SIZE) {
    structures.push(
      structure('struct erofs_xattr_ibody_header', xattrOffset, XATTR_BODY_HEADER_SIZE, XATTR_HEADER),
    );
  }
  if (isCompressed(inode) && inode.size > 0) {
    const offset = roundUp(inode.end, MAP_HEADER_SIZE);
    const rules = mapHeaderRules(image.metadata(inMetabox, offset, MAP_HEADER_SIZE, { nid }), inode);
    structures.push(structure('struct z_erofs_map_header', offset, MAP_HEADER_SIZE, rules));
  }
  return structures;
}

const isCompressed = ({ layout }: Inode): boolean =>
  layout === Layout.COMPRESSED_FULL || layout === Layout.COMPRESSED_COMPACT;

/** High bits of the address, unless it counts the links. */
function nameOfNb(image: ErofsImage, inode: Inode, offset: number): string {
  const format = image.metadata(inode.inMetabox, offset, 2, { nid: inode.nid }).getUint16(0, true);
  const isWide = inode.extended || ((format & 0x10) !== 0 && !isType(inode, S_IFDIR));
  if (!isWide) return 'i_nb.nlink';
  return isCompressed(inode) ? 'i_nb.blocks_hi' : 'i_nb.startblk_hi';
}

function nameOfU(inode: Inode): string {
  if (inode.major !== 0 || inode.minor !== 0) return 'i_u.rdev';
  if (inode.layout === Layout.CHUNK_BASED) return 'i_u.c';
  return isCompressed(inode) ? 'i_u.blocks_lo' : 'i_u.startblk_lo';
}

function mapHeaderRules(view: DataView, { layout }: Inode): readonly FieldRule[] {
  if (view.getUint8(7) & 0x80) {
    return [{ offset: 0, name: 'h_fragmentoff', kind: 'u64' }];
  }
  const advise = view.getUint16(4, true);
  const isExtents = layout === Layout.COMPRESSED_FULL && (advise & Z_ADVISE.EXTENTS) !== 0;
  const advised: FieldRule = { offset: 4, name: 'h_advise', kind: 'u16', meaning: hexadecimal };
  if (isExtents && ((advise >> 1) & 3) >= 2) {
    return [
      { offset: 0, name: 'h_extents_lo', kind: 'u32' },
      advised,
      { offset: 6, name: 'h_extents_hi', kind: 'u16' },
    ];
  }
  const first: FieldRule =
    advise & Z_ADVISE.FRAGMENT_PCLUSTER
      ? { offset: 0, name: 'h_fragmentoff', kind: 'u32' }
      : { offset: 2, name: 'h_idata_size', kind: 'u16' };
  return [
    first,
    advised,
    { offset: 6, name: 'h_algorithmtype', kind: 'u8' },
    { offset: 7, name: 'h_clusterbits', kind: 'u8' },
  ];
}

/** Bytes of a chunk; undefined for files that are not in chunks. */
export function chunkSize(image: ErofsImage, { layout, chunkFormat }: Inode): number | undefined {
  if (layout !== Layout.CHUNK_BASED) return undefined;
  return image.geometry.blockSize * 2 ** (chunkFormat & CHUNK_FORMAT.BLKBITS_MASK);
}
