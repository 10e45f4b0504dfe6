/** File types, and the ten letters of a mode as ls(1) writes them. */
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

const TYPES: Readonly<Record<number, { letter: string; name: string }>> = {
  [S_IFSOCK]: { letter: 's', name: 'socket' },
  [S_IFLNK]: { letter: 'l', name: 'symbolic link' },
  [S_IFREG]: { letter: '-', name: 'regular file' },
  [S_IFBLK]: { letter: 'b', name: 'block device' },
  [S_IFDIR]: { letter: 'd', name: 'directory' },
  [S_IFCHR]: { letter: 'c', name: 'character device' },
  [S_IFIFO]: { letter: 'p', name: 'fifo' },
};

const UNKNOWN = { letter: '?', name: 'unknown type' };

export function isDirectory(mode: number): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

export function isRegular(mode: number): boolean {
  return (mode & S_IFMT) === S_IFREG;
}

export function isSymlink(mode: number): boolean {
  return (mode & S_IFMT) === S_IFLNK;
}

export function isDevice(mode: number): boolean {
  return (mode & S_IFMT) === S_IFCHR || (mode & S_IFMT) === S_IFBLK;
}

/** Such as "regular file". */
export function typeName(mode: number): string {
  return (TYPES[mode & S_IFMT] ?? UNKNOWN).name;
}

/** Such as "drwxr-sr-t"; setuid, setgid and sticky bits take the place of an x, in capitals where there is none. */
export function modeString(mode: number): string {
  return (
    (TYPES[mode & S_IFMT] ?? UNKNOWN).letter +
    triple(mode >> 6, mode & 0o4000, 's') +
    triple(mode >> 3, mode & 0o2000, 's') +
    triple(mode, mode & 0o1000, 't')
  );
}

function triple(bits: number, special: number, letter: string): string {
  const execute = bits & 1;
  const last = special ? (execute ? letter : letter.toUpperCase()) : execute ? 'x' : '-';
  return (bits & 4 ? 'r' : '-') + (bits & 2 ? 'w' : '-') + last;
}
