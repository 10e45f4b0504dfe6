/** A target directory in the midst of things that an extraction must not touch, and everything that can be seen of them. */
import {
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Scratch } from '../support/scratch.js';

const { S_IFMT, S_IFREG, S_IFLNK, S_IFDIR } = constants;

/** By path: all that lstat tells but the time of the last read, and the content. */
export type Snapshot = Readonly<Record<string, string>>;

export class Surroundings {
  /** holds all of it */
  readonly path: string;
  /** a folder and a file of somebody else */
  readonly outside: string;
  readonly secret: string;
  /** empty, and not part of what is seen */
  readonly target: string;

  constructor(scratch: Scratch) {
    this.path = scratch.folder('self', 'surroundings');
    this.outside = join(this.path, 'outside');
    this.secret = join(this.outside, 'secret');
    this.target = join(this.path, 'target');
    mkdirSync(join(this.outside, 'folder'), { recursive: true });
    writeFileSync(this.secret, 'secret', { mode: 0o600 });
    writeFileSync(join(this.outside, 'folder', 'kept'), 'kept');
    symlinkSync('secret', join(this.outside, 'link'));
    mkdirSync(this.target);
  }

  /** Of everything beside the target, and of the folder that has both. */
  seen(): Snapshot {
    const found: Record<string, string> = {};
    note(found, this.path, '.');
    for (const name of readdirSync(this.path)) {
      if (name !== 'target') noteAll(found, join(this.path, name), name);
    }
    return found;
  }

  /** Paths below the target with the letter of their type: "d" for folders, "l" for links, "f" for files, "s" for others. */
  made(): string[] {
    return below(this.target, '').sort();
  }
}

function noteAll(found: Record<string, string>, path: string, shown: string): void {
  note(found, path, shown);
  if (!lstatSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) noteAll(found, join(path, name), `${shown}/${name}`);
}

function note(found: Record<string, string>, path: string, shown: string): void {
  const { mode, uid, gid, size, nlink, ino, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
  const type = Number(mode) & S_IFMT;
  const content =
    type === S_IFREG ? readFileSync(path, 'latin1') : type === S_IFLNK ? readlinkSync(path) : '';
  found[shown] = [mode.toString(8), uid, gid, size, nlink, ino, mtimeNs, ctimeNs, content].join(' ');
}

function below(folder: string, prefix: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const type = lstatSync(join(folder, name)).mode & S_IFMT;
    const letter = type === S_IFDIR ? 'd' : type === S_IFLNK ? 'l' : type === S_IFREG ? 'f' : 's';
    const path = `${prefix}${name}`;
    return [`${letter} ${path}`, ...(type === S_IFDIR ? below(join(folder, name), `${path}/`) : [])];
  });
}
