/** Attributes, names and totals of a tree as FUSE records. The image never changes, so that every lifetime is for ever. */
import { type Attr, FileType, type NodeId, type StatFs } from '../tree/tree.js';
import { writeNodeId } from './node-id.js';
import { LITTLE_ENDIAN, STATFS_OUT_SIZE, writeHalves, writeU64 } from './protocol.js';

const FOREVER = 0xffff_ffff;

/** fuse_attr, 88 bytes. */
export function writeAttr(view: DataView, offset: number, attr: Attr): void {
  writeU64(view, offset, attr.ino);
  writeU64(view, offset + 8, attr.size);
  writeU64(view, offset + 16, attr.blocks);
  for (let time = 0; time < 3; time++) {
    writeU64(view, offset + 24 + time * 8, attr.mtimeSeconds);
    view.setUint32(offset + 48 + time * 4, attr.mtimeNanoseconds, LITTLE_ENDIAN);
  }
  view.setUint32(offset + 60, attr.mode, LITTLE_ENDIAN);
  view.setUint32(offset + 64, attr.nlink, LITTLE_ENDIAN);
  view.setUint32(offset + 68, attr.uid, LITTLE_ENDIAN);
  view.setUint32(offset + 72, attr.gid, LITTLE_ENDIAN);
  view.setUint32(offset + 76, deviceNumber(attr.major, attr.minor), LITTLE_ENDIAN);
  view.setUint32(offset + 80, attr.blockSize, LITTLE_ENDIAN);
  view.setUint32(offset + 84, 0, LITTLE_ENDIAN);
}

/** fuse_attr_out, 104 bytes. */
export function writeAttrOut(view: DataView, offset: number, attr: Attr): void {
  writeHalves(view, offset, FOREVER, FOREVER);
  writeHalves(view, offset + 8, 0, 0);
  writeAttr(view, offset + 16, attr);
}

/** fuse_entry_out, 128 bytes. Generations are not needed: an id means one inode for as long as the image lives. */
export function writeEntryOut(view: DataView, offset: number, node: NodeId, root: NodeId, attr: Attr): void {
  writeNodeId(view, offset, node, root);
  writeHalves(view, offset + 8, 0, 0);
  writeHalves(view, offset + 16, FOREVER, FOREVER);
  writeHalves(view, offset + 24, FOREVER, FOREVER);
  writeHalves(view, offset + 32, 0, 0);
  writeAttr(view, offset + 40, attr);
}

/** fuse_entry_out for a name that is not there: node id 0, which the kernel remembers as long as its lifetime says. */
export function writeNegativeEntry(view: DataView, offset: number): void {
  clear(view, offset, 128);
  writeHalves(view, offset + 16, FOREVER, FOREVER);
}

/** fuse_statfs_out, 80 bytes: what Linux's erofs reports. There is no count of all inodes that could ever be. */
export function writeStatFs(view: DataView, offset: number, totals: StatFs): void {
  clear(view, offset, STATFS_OUT_SIZE);
  writeU64(view, offset, totals.blocks);
  writeHalves(view, offset + 24, 0xffff_ffff, 0xffff_ffff);
  const high = Math.floor(totals.inodes / 0x1_0000_0000);
  writeHalves(view, offset + 32, 0xffff_ffff - (totals.inodes % 0x1_0000_0000), 0xffff_ffff - high);
  view.setUint32(offset + 40, totals.blockSize, LITTLE_ENDIAN);
  view.setUint32(offset + 44, totals.nameMax, LITTLE_ENDIAN);
  view.setUint32(offset + 48, totals.blockSize, LITTLE_ENDIAN);
}

/** The 32-bit device number of stat(2) on Linux: 12 bits of major within 20 bits of minor. */
export function deviceNumber(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;
}

/** d_type of readdir(3): DT_UNKNOWN, DT_REG, DT_DIR, DT_CHR, DT_BLK, DT_FIFO, DT_SOCK, DT_LNK. */
const DIRENT_TYPES: readonly number[] = [0, 8, 4, 2, 6, 1, 12, 10];

export function direntType(type: FileType): number {
  return DIRENT_TYPES[type] ?? DIRENT_TYPES[FileType.unknown]!;
}

function clear(view: DataView, offset: number, length: number): void {
  for (let at = offset; at < offset + length; at += 8) writeHalves(view, at, 0, 0);
}
