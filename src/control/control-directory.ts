/**
 * Where the sockets of mounts are: in a folder of each user's own, called after the process that listens.
 *
 * The folder is $XDG_RUNTIME_DIR/erofs where that variable names a directory of this user, else erofs-USER in the system's temporary
 * folder. Who asks looks in both, since a mount may have been made with another environment.
 */
import { lstatSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeDirectories, strangersReach } from '../system/directories.js';
import { ControlError } from './control-error.js';

/** Bytes of a path that a socket may have (unix(7)), the NUL left out. */
const LONGEST_PATH = 107;
const LONGEST_NAME = '/4194304.upgrade'.length;
/** Bits of its mode that may not be set. */
export const FOR_OTHERS = 0o077;
const ALL_USERS = '/run/user';
const NAME = /^(\d+)(?:-\d)?\.sock$/;

export interface ControlSocket {
  readonly path: string;
  /** the process that made it */
  readonly pid: number;
}

const user = (): number => process.geteuid?.() ?? 0;

/** The folder of this user, made where it is missing. Throws ControlError 'unsafe-directory', or the system's error. */
export function openControlDirectory(): string {
  const directory = controlDirectory();
  makeDirectories(directory, 0o700);
  const complaint = strangersReach(directory, lstatSync(directory), FOR_OTHERS);
  if (complaint === undefined) return directory;
  throw new ControlError(
    'unsafe-directory',
    `the control socket's directory ${directory} is not used: ${complaint}`,
  );
}

/** The folder of this user, which need not exist. Throws the system's error. */
export function controlDirectory(): string {
  return runtimeDirectory() ?? temporaryDirectory(user());
}

/** undefined where the variable names no directory of this user's own, as after su(1), or one with too long a path. */
function runtimeDirectory(): string | undefined {
  const runtime = process.env.XDG_RUNTIME_DIR;
  if (runtime?.startsWith('/') !== true || lstatSync(runtime, { throwIfNoEntry: false })?.uid !== user())
    return undefined;
  const directory = join(runtime, 'erofs');
  return directory.length + LONGEST_NAME > LONGEST_PATH ? undefined : directory;
}

const temporaryDirectory = (owner: number): string => join(tmpdir(), `erofs-${owner}`);

/** The path of what has this name in one of this user's folders; undefined where none has it. */
export function findInControlDirectory(name: string): string | undefined {
  for (const { directory, owner } of ownDirectories(user())) {
    const stat = lookAt(directory);
    const path = join(directory, name);
    if (stat?.isDirectory() === true && stat.uid === owner && lookAt(path) !== undefined) return path;
  }
  return undefined;
}

/** Sockets of this user's mounts; of everybody's for root. One need not have a listener any more. Throws the system's error. */
export function controlSockets(): ControlSocket[] {
  const found = new Map<string, ControlSocket>();
  for (const { directory, owner } of user() === 0 ? everybodys() : ownDirectories(user())) {
    // what another user could have put there is not asked
    const stat = lookAt(directory);
    if (stat?.isDirectory() !== true || stat.uid !== owner) continue;
    for (const name of readdirSync(directory)) {
      const pid = NAME.exec(name)?.[1];
      const path = join(directory, name);
      if (pid !== undefined) found.set(path, { path, pid: Number(pid) });
    }
  }
  return [...found.values()].sort((a, b) => a.pid - b.pid);
}

interface OwnedDirectory {
  readonly directory: string;
  readonly owner: number;
}

function ownDirectories(owner: number): OwnedDirectory[] {
  const directories = [runtimeDirectory(), join(ALL_USERS, `${owner}`, 'erofs'), temporaryDirectory(owner)];
  return directories
    .filter((directory) => directory !== undefined)
    .map((directory) => ({ directory, owner }));
}

function everybodys(): OwnedDirectory[] {
  const owners = new Set<number>();
  for (const name of namesIn(ALL_USERS)) if (/^\d+$/.test(name)) owners.add(Number(name));
  for (const name of namesIn(dirname(temporaryDirectory(0)))) {
    const owner = /^erofs-(\d+)$/.exec(name)?.[1];
    if (owner !== undefined) owners.add(Number(owner));
  }
  return [0, ...owners].flatMap(ownDirectories);
}

const namesIn = (directory: string): string[] =>
  lookAt(directory)?.isDirectory() === true ? readdirSync(directory) : [];

/** undefined for what is not there, or hidden from this user. */
function lookAt(path: string) {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}
