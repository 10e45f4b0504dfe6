/** Inodes (erofs-format §4, §5): compact and extended become one Inode here, at the border. */
import { hex, hex64, METABOX_NID, nidName, readS64, readU64, u48 } from './bytes.js';
import { corrupt, ErofsError } from './errors.js';
import type { ErofsImage } from './image.js';
import {
  CHUNK_FORMAT,
  COMPACT_INODE_SIZE,
  EXTENDED_INODE_SIZE,
  I_FORMAT_BIT4,
  I_FORMAT_EXTENDED,
  I_FORMAT_KNOWN,
  INODE_UNIT,
  Layout,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  XATTR_BODY_HEADER_SIZE,
} from './layout.js';

export interface Inode {
  readonly nid: number;
  /** byte address in its metadata place */
  readonly offset: number;
  /** all metadata attached to the inode lies in the same place: the metabox, or the image itself */
  readonly inMetabox: boolean;
  readonly extended: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  /** bytes */
  readonly size: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
  readonly layout: Layout;
  /** directories: "." is not stored */
  readonly dotOmitted: boolean;
  /** device nodes */
  readonly major: number;
  readonly minor: number;
  /** flat layouts: block address of the data; undefined where the whole file is a hole */
  readonly startBlock: number | undefined;
  /** chunk-based files: log2(chunk size / block size), and the bits of CHUNK_FORMAT */
  readonly chunkFormat: number;
  /** compressed files: blocks of compressed data */
  readonly compressedBlocks: number;
  /** byte address of the xattr body, and its length */
  readonly xattrOffset: number;
  readonly xattrSize: number;
  /** byte address behind inode and xattrs, where inline data, chunk table or map header start */
  readonly end: number;
}

const TYPES = new Set([S_IFIFO, S_IFCHR, S_IFDIR, S_IFBLK, S_IFREG, S_IFLNK, S_IFSOCK]);

export function isType(inode: Inode, type: number): boolean {
  return (inode.mode & S_IFMT) === type;
}

/** Throws 'corrupt', 'unsupported' (an i_format or layout that nobody defined yet), 'truncated', Miss. */
export function readInode(image: ErofsImage, nid: number): Inode {
  const inMetabox = nid >= METABOX_NID;
  const offset = inMetabox ? (nid - METABOX_NID) * INODE_UNIT : image.geometry.metaOffset + nid * INODE_UNIT;
  const place = { nid, offset };
  let view = image.metadata(inMetabox, offset, COMPACT_INODE_SIZE, place);
  const format = view.getUint16(0, true);
  if (format & ~I_FORMAT_KNOWN) {
    throw new ErofsError('unsupported', `inode ${nidName(nid)}: unknown i_format ${hex(format)}`, place);
  }
  const layout = (format >> 1) & 7;
  if (layout > Layout.CHUNK_BASED) {
    throw new ErofsError('unsupported', `inode ${nidName(nid)}: unknown data layout ${layout}`, place);
  }
  const extended = (format & I_FORMAT_EXTENDED) !== 0;
  if (extended) view = image.metadata(inMetabox, offset, EXTENDED_INODE_SIZE, place);

  const mode = view.getUint16(4, true);
  const type = mode & S_IFMT;
  if (!TYPES.has(type))
    throw corrupt(`inode ${nidName(nid)}: mode ${mode.toString(8)} has no file type`, place);
  const isDirectory = type === S_IFDIR;
  const bit4 = (format & I_FORMAT_BIT4) !== 0;
  const xattrCount = view.getUint16(2, true);
  const xattrSize = xattrCount === 0 ? 0 : XATTR_BODY_HEADER_SIZE + 4 * (xattrCount - 1);
  const inodeSize = extended ? EXTENDED_INODE_SIZE : COMPACT_INODE_SIZE;
  const i_nb = view.getUint16(6, true);
  const wide = extended || (bit4 && !isDirectory);
  const i_u = view.getUint32(16, true);
  const address = u48(i_u, wide ? i_nb : 0);
  const nullAddress = wide ? 0xffff_ffff_ffff : 0xffff_ffff;
  const chunkFormat = layout === Layout.CHUNK_BASED ? i_u & 0xffff : 0;
  if (chunkFormat & ~CHUNK_FORMAT.KNOWN) {
    throw new ErofsError(
      'unsupported',
      `inode ${nidName(nid)}: unknown chunk format ${hex(chunkFormat)}`,
      place,
    );
  }
  const isDevice = type === S_IFCHR || type === S_IFBLK;
  const mtimeNanoseconds = extended ? view.getUint32(40, true) : image.geometry.fixedNanoseconds;

  return {
    nid,
    offset,
    inMetabox,
    extended,
    mode,
    uid: extended ? view.getUint32(24, true) : view.getUint16(24, true),
    gid: extended ? view.getUint32(28, true) : view.getUint16(26, true),
    nlink: extended ? view.getUint32(44, true) : wide ? 1 : i_nb,
    size: extended ? readSize(view, type, place) : view.getUint32(8, true),
    mtimeSeconds: extended
      ? readS64(view, 32, `inode ${nidName(nid)}: mtime`, place)
      : image.geometry.epoch + view.getUint32(12, true),
    // Linux shows whatever stands here; stat(2) callers choke on a second or more of nanoseconds.
    mtimeNanoseconds: Math.min(mtimeNanoseconds, 999_999_999),
    layout: layout as Layout,
    dotOmitted: isDirectory && bit4,
    major: isDevice ? (i_u >>> 8) & 0xfff : 0,
    minor: isDevice ? (i_u & 0xff) | ((i_u >>> 12) & 0xfff00) : 0,
    startBlock: layout === Layout.FLAT_PLAIN && address === nullAddress ? undefined : address,
    chunkFormat,
    compressedBlocks: address,
    xattrOffset: offset + inodeSize,
    xattrSize,
    end: offset + inodeSize + xattrSize,
  };
}

/** Beyond 2^53 a file may be a hole, which is legal and more than there are numbers for; nothing else may. */
function readSize(view: DataView, type: number, place: { nid: number; offset: number }): number {
  const high = view.getInt32(12, true);
  const what = `inode ${nidName(place.nid)}: i_size`;
  if (high < 0) throw corrupt(`${what} is negative`, place);
  if (high >= 0x200000 && type !== S_IFREG) {
    throw corrupt(`${what} is ${hex64(view, 8)}, more than any directory or symlink has`, place);
  }
  return readU64(view, 8, what, place);
}
