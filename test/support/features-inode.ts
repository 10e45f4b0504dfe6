/** What an inode and its uncompressed data tell of the features that an image uses. */
import { Buffer } from 'node:buffer';
import type { ErofsImage } from '../../src/erofs-reader/image.js';
import { type Inode, isType } from '../../src/erofs-reader/inode.js';
import {
  CHUNK_FORMAT,
  COMPACT_INODE_SIZE,
  Layout,
  NAME_MAX,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from '../../src/erofs-reader/layout.js';
import type { OpenedImage } from '../../src/open.js';
import type { Feature, Found } from './features.js';

const TYPES: Readonly<Record<number, Feature>> = {
  [S_IFREG]: 'regular files',
  [S_IFDIR]: 'directories',
  [S_IFLNK]: 'symlinks',
  [S_IFCHR]: 'character devices',
  [S_IFBLK]: 'block devices',
  [S_IFIFO]: 'fifos',
  [S_IFSOCK]: 'sockets',
};
const MAX_U16 = 0xffff;
const MAX_U32 = 0xffff_ffff;

export function findInInode({ image, tree }: OpenedImage, inode: Inode, found: Found): void {
  const isDirectory = isType(inode, S_IFDIR);
  found.add(inode.extended ? 'extended' : 'compact');
  found.add(TYPES[inode.mode & S_IFMT]!);
  if (!inode.extended && !isDirectory && formatOf(image, inode) & 0x10)
    found.add('compact, link count 1 implied');
  if (!isDirectory && inode.nlink > 1) found.add('hard links');
  if (inode.nlink > MAX_U16) found.add('link counts above 65535');
  if (inode.uid > MAX_U16 || inode.gid > MAX_U16) found.add('owners above 65535');
  if (inode.mtimeNanoseconds > 0) found.add('times with nanoseconds');
  if (inode.mtimeSeconds < 0 || inode.mtimeSeconds > MAX_U32) found.add('times before 1970 and after 2106');
  if (inode.inMetabox) found.add('inodes in the metabox');
  if (isDirectory) findInDirectory(tree, image, inode, found);
  if (isType(inode, S_IFLNK)) findInSymlink(inode, found);
}

const isCompressed = ({ layout }: Inode): boolean =>
  layout === Layout.COMPRESSED_FULL || layout === Layout.COMPRESSED_COMPACT;

function formatOf(image: ErofsImage, inode: Inode): number {
  const offset = inode.xattrOffset - COMPACT_INODE_SIZE;
  return image.metadata(inode.inMetabox, offset, 2, {}).getUint16(0, true);
}

function findInDirectory(tree: OpenedImage['tree'], image: ErofsImage, inode: Inode, found: Found): void {
  if (isCompressed(inode)) found.add('compressed directories');
  if (inode.dotOmitted) found.add('directories without an entry for "."');
  if (inode.size > image.geometry.blockSize) found.add('directories of several blocks');
  tree.readdir(inode.nid, 0, ({ name }) => {
    const bytes = Buffer.from(name);
    if (bytes[0]! < 0x2e) found.add('names that sort before "."');
    if (bytes.length === NAME_MAX) found.add('names of 255 bytes');
    if (!Buffer.from(bytes.toString()).equals(bytes)) found.add('names that are not UTF-8');
    return true;
  });
}

function findInSymlink(inode: Inode, found: Found): void {
  if (isCompressed(inode)) found.add('compressed symlinks');
  if (inode.layout === Layout.FLAT_PLAIN) found.add('symlink targets in blocks');
  if (inode.layout === Layout.FLAT_INLINE) found.add('symlink targets behind the inode');
}

/** Flat and chunk-based data; of directories and symlinks as well. */
export function findInFile(image: ErofsImage, inode: Inode, found: Found): void {
  if (inode.size === 0 || isCompressed(inode)) return;
  if (isType(inode, S_IFREG) && inode.size > MAX_U32) found.add('files over 4 GiB and over 2^40 bytes');
  const { chunkFormat, layout } = inode;
  const isChunked = layout === Layout.CHUNK_BASED;
  if (isChunked) {
    found.add(chunkFormat & CHUNK_FORMAT.INDEXES ? 'chunks: indexes' : 'chunks: block map');
    if (chunkFormat & CHUNK_FORMAT['48BIT']) found.add('chunks: indexes of 48 bits');
    if (chunkFormat & CHUNK_FORMAT.BLKBITS_MASK) found.add('chunks of several blocks');
  }
  const { mapper } = image.data(inode);
  for (let position = 0; position < inode.size; ) {
    const extent = mapper.map(position, inode.size);
    if (extent.kind === 'hole') found.add(isChunked ? 'chunks: holes' : 'flat, a hole');
    if (extent.kind === 'raw' && !isChunked) found.add('flat, in blocks');
    if (extent.kind === 'raw' && extent.device > 0)
      found.add(isChunked ? 'device by id' : 'device by unified address');
    if (extent.kind === 'inline') {
      found.add('flat, tail behind the inode');
      if (extent.inMetabox) found.add('inline data in the metabox');
    }
    position = extent.start + extent.length;
  }
}
