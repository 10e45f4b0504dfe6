/** The file_type that a dirent must have for each file type of a mode (erofs-format §8). */
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from '../erofs-reader/layout.js';

export const DirentTypes: ReadonlyMap<number, number> = new Map([
  [S_IFREG, 1],
  [S_IFDIR, 2],
  [S_IFCHR, 3],
  [S_IFBLK, 4],
  [S_IFIFO, 5],
  [S_IFSOCK, 6],
  [S_IFLNK, 7],
]);
