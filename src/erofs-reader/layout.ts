/** Numbers of the on-disk format under their on-disk names (Linux fs/erofs/erofs_fs.h). */

export const SUPERBLOCK_OFFSET = 1024;
export const SUPERBLOCK_SIZE = 128;
export const SUPERBLOCK_EXTENSION_SIZE = 16;
export const SUPERBLOCK_MAGIC = 0xe0f5e1e2;

export const MIN_BLOCK_BITS = 9;
export const MAX_BLOCK_BITS = 16;

export const FEATURE_COMPAT = {
  SB_CHKSUM: 0x01,
  MTIME: 0x02,
  XATTR_FILTER: 0x04,
  SHARED_EA_IN_METABOX: 0x08,
  PLAIN_XATTR_PFX: 0x10,
  ISHARE_XATTRS: 0x20,
} as const;

/** Several bits are shared by two features: a bit permits, it proves nothing. */
export const FEATURE_INCOMPAT = {
  ZERO_PADDING: 0x001,
  COMPR_CFGS: 0x002,
  BIG_PCLUSTER: 0x002,
  CHUNKED_FILE: 0x004,
  DEVICE_TABLE: 0x008,
  COMPR_HEAD2: 0x008,
  ZTAILPACKING: 0x010,
  FRAGMENTS: 0x020,
  DEDUPE: 0x020,
  XATTR_PREFIXES: 0x040,
  '48BIT': 0x080,
  METABOX: 0x100,
} as const;

export const INODE_UNIT = 32;
export const COMPACT_INODE_SIZE = 32;
export const EXTENDED_INODE_SIZE = 64;

export const I_FORMAT_EXTENDED = 0x01;
/** NLINK_1 on anything but a directory, DOT_OMITTED on a directory */
export const I_FORMAT_BIT4 = 0x10;
export const I_FORMAT_KNOWN = 0x1f;

export const Layout = {
  FLAT_PLAIN: 0,
  COMPRESSED_FULL: 1,
  FLAT_INLINE: 2,
  COMPRESSED_COMPACT: 3,
  CHUNK_BASED: 4,
} as const;
export type Layout = (typeof Layout)[keyof typeof Layout];
export const LAYOUT_NAMES: Readonly<Record<Layout, string>> = {
  0: 'flat-plain',
  1: 'compressed-full',
  2: 'flat-inline',
  3: 'compressed-compact',
  4: 'chunk-based',
};

export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFDIR = 0o040000;
export const S_IFBLK = 0o060000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFSOCK = 0o140000;

export const CHUNK_FORMAT = { BLKBITS_MASK: 0x1f, INDEXES: 0x20, '48BIT': 0x40, KNOWN: 0x7f } as const;

export const DEVICE_SLOT_SIZE = 128;
export const DIRENT_SIZE = 12;
export const NAME_MAX = 255;
/** a symlink target longer than this is no path on Linux */
export const SYMLINK_MAX = 4096;

export const XATTR_BODY_HEADER_SIZE = 12;
export const XATTR_ENTRY_HEADER_SIZE = 4;
export const XATTR_LONG_PREFIX = 0x80;
export const XATTR_FILTER_SEED = 0x25bbe08f;

export const Algorithm = { LZ4: 0, LZMA: 1, DEFLATE: 2, ZSTD: 3 } as const;
export type Algorithm = (typeof Algorithm)[keyof typeof Algorithm];
export const ALGORITHM_NAMES = ['LZ4', 'LZMA', 'DEFLATE', 'ZSTD'] as const;

export const Z_ADVISE = {
  /** layout 3 */
  COMPACTED_2B: 0x01,
  /** layout 1 */
  EXTENTS: 0x01,
  BIG_PCLUSTER_1: 0x02,
  BIG_PCLUSTER_2: 0x04,
  INLINE_PCLUSTER: 0x08,
  INTERLACED_PCLUSTER: 0x10,
  FRAGMENT_PCLUSTER: 0x20,
} as const;

export const Lcluster = { PLAIN: 0, HEAD1: 1, NONHEAD: 2, HEAD2: 3 } as const;
/** in delta0 of a NONHEAD lcluster: the low 11 bits are the pcluster's block count */
export const CBLKCNT = 0x800;
/** in the advise word of a head in the full index */
export const PARTIAL_REF = 0x8000;

export const PCLUSTER_MAX_SIZE = 1 << 20;
export const PCLUSTER_MAX_DECODED_SIZE = 12 << 20;
