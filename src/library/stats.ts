/** From what a tree says of a node to what the library says of it. */
import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from '../erofs-reader/layout.js';
import { type Attr, FileType } from '../tree/tree.js';
import type { NodeType, Stats } from './image.js';

const OF_MODE: Readonly<Record<number, NodeType>> = {
  [S_IFREG]: 'file',
  [S_IFDIR]: 'directory',
  [S_IFLNK]: 'symlink',
  [S_IFCHR]: 'character-device',
  [S_IFBLK]: 'block-device',
  [S_IFIFO]: 'fifo',
  [S_IFSOCK]: 'socket',
};

const OF_DIRENT: Readonly<Record<number, NodeType>> = {
  [FileType.regular]: 'file',
  [FileType.directory]: 'directory',
  [FileType.symlink]: 'symlink',
  [FileType.character]: 'character-device',
  [FileType.block]: 'block-device',
  [FileType.fifo]: 'fifo',
  [FileType.socket]: 'socket',
};

export const typeOfDirent = (type: number): NodeType => OF_DIRENT[type] ?? 'unknown';

export function statsOf(attr: Attr): Stats {
  const { ino, mode, uid, gid, nlink, size, blocks, blockSize, major, minor } = attr;
  const { mtimeSeconds, mtimeNanoseconds } = attr;
  const type = OF_MODE[mode & S_IFMT] ?? 'unknown';
  const numbers = { ino, mode, uid, gid, nlink, size, blocks, blockSize, major, minor };
  return { type, ...numbers, mtimeSeconds, mtimeNanoseconds };
}
