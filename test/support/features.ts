/**
 * What an EROFS image can use, and what proves that this reader reads it: the fixtures in which a detector finds it
 * (features-*.ts look at the opened image alone), and the test files that are named here.
 */

const huge = 'test/erofs-reader/tail-cases-huge.test.ts';
const directories = 'test/erofs-reader/tail-cases-directory.test.ts';
const inodes = 'test/erofs-reader/tail-cases-inode.test.ts';
const superblocks = 'test/erofs-reader/tail-cases-superblock.test.ts';
const devices = 'test/erofs-reader/tail-cases-devices.test.ts';
const attributes = 'test/erofs-reader/xattr.test.ts';
const compression = 'test/erofs-reader/rare-compression.test.ts';
const mounted = 'test/mount/tail-cases.test.ts';

/** By section: a feature and the test files that prove it on images which they make. */
export const FEATURES = {
  Superblock: {
    'blocks of 512 bytes': [],
    'blocks of 1024 bytes': [],
    'blocks of 2048 bytes': [],
    'blocks of 4096 bytes': [],
    'blocks of 8192 bytes': [],
    'blocks of 16384 bytes': [],
    'blocks of 32768 bytes': [superblocks],
    'blocks of 65536 bytes': [],
    checksum: ['test/erofs-reader/flipped-bytes-superblock.test.ts'],
    'no checksum': ['test/erofs-reader/superblock.test.ts'],
    'extension slots': [superblocks],
    'volume label': [superblocks],
    'build time apart from the epoch': [superblocks],
    'compression configurations': [],
    'metadata zone: nid 0 behind the data': [],
    '48-bit addresses': [],
    '48-bit: root nid of 8 bytes': [],
    '48-bit: root nid of 2 bytes': [superblocks],
    '48-bit: more than 2^32 blocks': [huge],
    'image at an offset of a file': [],
  },
  Devices: {
    'extra devices': [devices, mounted],
    'device by id': [devices],
    'device by unified address': [devices],
    'flat: devices appended to the image': [devices, mounted],
    'device tags': [],
    'tar index: data in a tar file': [],
    'merged: data in other images': [],
    'blob device of chunks': [],
  },
  Inodes: {
    compact: [],
    extended: [],
    'compact, link count 1 implied': [inodes],
    'regular files': [],
    directories: [],
    symlinks: [],
    'character devices': [],
    'block devices': [],
    fifos: [],
    sockets: [],
    'hard links': [],
    'times with nanoseconds': [],
    'times before 1970 and after 2106': [inodes],
    'owners above 65535': [inodes],
    'link counts above 65535': [inodes],
    'digests for sharing the page cache': [],
  },
  'Directories and symlinks': {
    'directories of several blocks': [],
    'directories of 100,000 names': [directories, mounted],
    'directories without an entry for "."': [],
    'names that are not UTF-8': [directories],
    'names that sort before "."': [directories],
    'names of 255 bytes': [directories],
    'compressed directories': [],
    'compressed symlinks': [compression],
    'symlink targets in blocks': [inodes],
    'symlink targets behind the inode': [],
  },
  'Data layouts': {
    'flat, in blocks': [],
    'flat, tail behind the inode': [],
    'flat, a hole': [huge],
    'chunks: block map': [],
    'chunks: indexes': [],
    'chunks: indexes of 48 bits': [huge],
    'chunks of several blocks': [],
    'chunks: holes': [huge],
    'files over 4 GiB and over 2^40 bytes': [huge, mounted],
  },
  'Compression indexes': {
    'full index': [],
    'compact index, 4 bytes an entry': [],
    'compact index, 2 bytes an entry': [],
    'encoded extents, records of 4 bytes': [],
    'encoded extents, records of 8 bytes': [compression],
    'encoded extents, records of 16 bytes': [],
    'encoded extents, records of 32 bytes': [huge],
    'encoded extents: holes': [huge, compression],
    'logical clusters of several blocks': [],
    'second algorithm of a file (HEAD2)': [compression],
  },
  'Compressed data': {
    LZ4: [],
    LZMA: [],
    DEFLATE: [],
    ZSTD: [],
    'two algorithms in one image': [],
    'pclusters of one block': [],
    'pclusters of several blocks': [],
    'pclusters at any byte': [],
    'padding in front (0padding)': [],
    'padding behind (LZ4 before 0padding)': [],
    'plain pclusters': [],
    'plain pclusters, interlaced': [],
    'tail-packed pclusters': [],
    'tail-packed pclusters, plain': [],
    'fragments: ends of files in the packed inode': [],
    'fragments: whole files in the packed inode': [],
    'deduplication: pclusters that extents share': [],
    'deduplication: extents that take a part': [],
    'pclusters on another device': [compression],
  },
  Metabox: {
    'inodes in the metabox': [],
    'root in the metabox': [],
    'compressed metabox': [],
    'metabox of another algorithm than the data': [],
    'inline data in the metabox': [],
    'compression indexes in the metabox': [],
    'tail-packed pclusters in the metabox': [],
  },
  'Extended attributes': {
    'behind the inode': [],
    shared: [],
    'shared, in the metabox': [attributes],
    user: [],
    trusted: [],
    security: [],
    'ACL of access': [],
    'ACL of new files': [],
    'lustre, hidden as in Linux': [attributes],
    'long prefixes in the packed inode': [attributes],
    'long prefixes in the metabox': [attributes],
    'long prefixes in the image': [],
    'long prefixes that hide attributes': [attributes],
    'name filter': [attributes],
    'name filter, reserved': [attributes],
    'padding among entries': [attributes],
    'composefs: redirects to objects': ['test/tree/objects-tree.test.ts', 'test/mount/composefs.test.ts'],
  },
} as const satisfies Record<string, Record<string, readonly string[]>>;

type Sections = typeof FEATURES;
export type Feature = { [S in keyof Sections]: keyof Sections[S] }[keyof Sections] & string;

/** Collects what detectors find; a name that the list above does not have is no name for the compiler either. */
export type Found = Set<Feature>;
