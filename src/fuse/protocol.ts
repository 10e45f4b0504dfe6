/**
 * The FUSE protocol's numbers: record sizes, flags and opcodes under the names of linux/fuse.h.
 *
 * LAW: no behaviour. All records are in the machine's own byte order; 64-bit fields are moved as two 32-bit halves,
 * because a BigInt for every one of them would be garbage for every request.
 */
import { endianness } from 'node:os';

/** The byte order of the records, as DataView wants it. */
export const LITTLE_ENDIAN = endianness() === 'LE';

/** fuse_in_header: len, opcode, unique, nodeid, uid, gid, pid, total_extlen */
export const IN_HEADER_SIZE = 40;
/** fuse_out_header: len, error, unique */
export const OUT_HEADER_SIZE = 16;
export const ATTR_SIZE = 88;
/** fuse_attr_out: attr_valid, attr_valid_nsec, attr */
export const ATTR_OUT_SIZE = 16 + ATTR_SIZE;
/** fuse_entry_out: nodeid, generation, two lifetimes, attr */
export const ENTRY_OUT_SIZE = 40 + ATTR_SIZE;
/** fuse_dirent without its name: ino, off, namelen, type */
export const DIRENT_SIZE = 24;
export const INIT_OUT_SIZE = 64;
export const STATFS_OUT_SIZE = 80;
/** fuse_getxattr_out, fuse_lseek_out */
export const SIZE_OUT_SIZE = 8;

export const PROTOCOL_MAJOR = 7;
/** Linux 5.4: the first version with everything that this server relies on. */
export const PROTOCOL_MINOR = 31;

/** Bytes of the largest READ. With 4 KiB pages this is the most that the kernel allows without a sysctl. */
export const MAX_READ = 1 << 20;
/** The same in pages of 4 KiB; where pages are larger, the mount option max_read keeps requests within MAX_READ. */
export const MAX_PAGES = 256;
/** No WRITE is ever accepted; the kernel insists on 4 KiB. */
export const MAX_WRITE = 4096;
/** Room for a request: the largest is a SETXATTR of a 64 KiB value with its name. */
export const REQUEST_CAPACITY = 128 << 10;
export const REPLY_CAPACITY = OUT_HEADER_SIZE + MAX_READ;

/** INIT flags, those that are of use to a read-only file system. */
export const InitFlag = {
  asyncRead: 1 << 0,
  exportSupport: 1 << 4,
  doReaddirplus: 1 << 13,
  readdirplusAuto: 1 << 14,
  asyncDirectIo: 1 << 15,
  parallelDirops: 1 << 18,
  posixAcl: 1 << 20,
  maxPages: 1 << 22,
  cacheSymlinks: 1 << 23,
  /** flags2 is there */
  initExt: 1 << 30,
} as const;

/** Those in flags2. */
export const InitFlag2 = {
  /** the kernel sends requests again on NOTIFY_RESEND: 7.40, Linux 6.9 */
  hasResend: 1 << 7,
} as const;

/**
 * What becomes of a request:
 * - `answer`  a handler of dispatch.ts replies
 * - `modify`  EROFS
 * - `absent`  ENOSYS, after which the kernel does the operation itself or stops asking
 * - `silent`  the protocol has no reply
 */
export type OpcodeKind = 'answer' | 'modify' | 'absent' | 'silent';

export interface OpcodeRow {
  readonly name: string;
  readonly kind: OpcodeKind;
  /** bytes of the fixed record after the header, with the shortest names that may follow it */
  readonly inSize: number;
}

function row(name: string, kind: OpcodeKind, inSize: number): OpcodeRow {
  return { name, kind, inSize };
}

/** A name is one byte and a NUL at least. */
const NAME = 2;

export const READ = 15;
export const READDIR = 28;
export const READDIRPLUS = 44;
export const INTERRUPT = 36;
/** In the place of an errno, with unique 0: bytes for the kernel's page cache. */
export const NOTIFY_STORE = 4;
/** The same, for: what was read and has no answer is to be read once more, with the highest bit of its number set. */
export const NOTIFY_RESEND = 7;

/** Indexed by opcode. */
export const OPCODES: readonly (OpcodeRow | undefined)[] = Object.assign([], {
  1: row('LOOKUP', 'answer', NAME),
  2: row('FORGET', 'silent', 8),
  3: row('GETATTR', 'answer', 16),
  4: row('SETATTR', 'modify', 88),
  5: row('READLINK', 'answer', 0),
  6: row('SYMLINK', 'modify', NAME + NAME),
  8: row('MKNOD', 'modify', 16 + NAME),
  9: row('MKDIR', 'modify', 8 + NAME),
  10: row('UNLINK', 'modify', NAME),
  11: row('RMDIR', 'modify', NAME),
  12: row('RENAME', 'modify', 8 + NAME + NAME),
  13: row('LINK', 'modify', 8 + NAME),
  14: row('OPEN', 'answer', 8),
  15: row('READ', 'answer', 40),
  16: row('WRITE', 'modify', 40),
  17: row('STATFS', 'answer', 0),
  18: row('RELEASE', 'answer', 24),
  20: row('FSYNC', 'absent', 16),
  21: row('SETXATTR', 'modify', 8 + NAME),
  22: row('GETXATTR', 'answer', 8 + NAME),
  23: row('LISTXATTR', 'answer', 8),
  24: row('REMOVEXATTR', 'modify', NAME),
  25: row('FLUSH', 'absent', 24),
  26: row('INIT', 'answer', 16),
  27: row('OPENDIR', 'absent', 8),
  28: row('READDIR', 'answer', 40),
  29: row('RELEASEDIR', 'answer', 24),
  30: row('FSYNCDIR', 'absent', 16),
  31: row('GETLK', 'absent', 48),
  32: row('SETLK', 'absent', 48),
  33: row('SETLKW', 'absent', 48),
  34: row('ACCESS', 'absent', 8),
  35: row('CREATE', 'modify', 16 + NAME),
  // Left unanswered: what waits is answered itself, for the rest there is nothing to end, and ENOSYS would end interrupts for good.
  36: row('INTERRUPT', 'silent', 8),
  37: row('BMAP', 'absent', 16),
  38: row('DESTROY', 'answer', 0),
  39: row('IOCTL', 'answer', 32),
  40: row('POLL', 'absent', 24),
  41: row('NOTIFY_REPLY', 'silent', 40),
  42: row('BATCH_FORGET', 'silent', 8),
  43: row('FALLOCATE', 'modify', 32),
  44: row('READDIRPLUS', 'answer', 40),
  45: row('RENAME2', 'modify', 16 + NAME + NAME),
  46: row('LSEEK', 'answer', 24),
  47: row('COPY_FILE_RANGE', 'modify', 56),
  48: row('SETUPMAPPING', 'absent', 40),
  49: row('REMOVEMAPPING', 'absent', 4),
  50: row('SYNCFS', 'absent', 8),
  51: row('TMPFILE', 'modify', 16 + NAME),
  52: row('STATX', 'absent', 24),
  53: row('COPY_FILE_RANGE_64', 'modify', 56),
});

export function writeU64(view: DataView, offset: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  writeHalves(view, offset, value - high * 0x1_0000_0000, high);
}

/** The low and the high 32 bits of a 64-bit field; either may be given as a negative number. */
export function writeHalves(view: DataView, offset: number, low: number, high: number): void {
  view.setUint32(offset + (LITTLE_ENDIAN ? 0 : 4), low, LITTLE_ENDIAN);
  view.setUint32(offset + (LITTLE_ENDIAN ? 4 : 0), high, LITTLE_ENDIAN);
}

/** undefined above the safe integers, where no byte of any file and no cookie is. */
export function readU64(view: DataView, offset: number): number | undefined {
  const high = view.getUint32(offset + (LITTLE_ENDIAN ? 4 : 0), LITTLE_ENDIAN);
  if (high >= 0x20_0000) return undefined;
  return high * 0x1_0000_0000 + view.getUint32(offset + (LITTLE_ENDIAN ? 0 : 4), LITTLE_ENDIAN);
}
