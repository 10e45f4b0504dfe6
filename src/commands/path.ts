/** Paths inside an image, as bytes: resolved like the kernel does in a chroot at the image's root. */
import type { NodeId } from '../tree/tree.js';
import { unescapeBytes } from './escape.js';
import { isDirectory, isSymlink } from './mode-string.js';
import type { OpenTree } from './open-tree.js';
import { quoteName } from './quote.js';

/** Symbolic links followed in one resolution, as Linux's MAXSYMLINKS. */
const SYMLINK_LIMIT = 40;

export class PathError extends Error {
  override readonly name = 'PathError';
  readonly code: 'no-such-path' | 'not-directory' | 'is-directory' | 'not-regular' | 'symlink-loop';

  constructor(code: PathError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** The bytes of a path from the command line; throws EscapeError for bad escapes where it is `escaped`. */
export function pathArgument(text: string, escaped: boolean): Uint8Array {
  return escaped ? unescapeBytes(text) : new TextEncoder().encode(text);
}

/**
 * The node at `path`; "" and "/" are the root, ".." of the root is the root, absolute link targets begin at
 * the root. The last component's symbolic link is followed where `follow` says so or a "/" comes after it.
 * Rejects with PathError, or with what the tree throws.
 */
export async function resolvePath(open: OpenTree, path: Uint8Array, follow: boolean): Promise<NodeId> {
  const { tree } = open;
  const modeOf = async (node: NodeId) => (await open.run(() => tree.getattr(node))).mode;
  const parents: NodeId[] = [];
  const rest = componentsOf(path).reverse();
  let node = tree.root;
  let walked: Uint8Array = DOT;
  let links = 0;
  while (rest.length > 0) {
    const name = rest.pop()!;
    const directory = node;
    if (!isDirectory(await modeOf(directory))) throw notDirectory(path, walked);
    if (isDot(name)) continue;
    if (isDotDot(name)) {
      walked = name;
      node = parents.pop() ?? tree.root;
      continue;
    }
    walked = name;
    const child = await open.run(() => tree.lookup(directory, name));
    if (child === undefined) throw noSuchPath(path, name);
    if ((rest.length > 0 || follow) && isSymlink(await modeOf(child))) {
      if (++links > SYMLINK_LIMIT) throw symlinkLoop(path);
      const target = await open.run(() => tree.readlink(child));
      if (target.length === 0) throw noSuchPath(path, name);
      if (target[0] === SLASH) {
        parents.length = 0;
        node = tree.root;
      }
      rest.push(...componentsOf(target).reverse());
    } else {
      parents.push(directory);
      node = child;
    }
  }
  return node;
}

const SLASH = 0x2f;
const DOT = Uint8Array.of(0x2e);

/** The names between slashes; a "/" at the end counts as "/." so that the last name must be a directory. */
function componentsOf(path: Uint8Array): Uint8Array[] {
  const names: Uint8Array[] = [];
  let start = 0;
  for (let at = 0; at <= path.length; at++) {
    if (at < path.length && path[at] !== SLASH) continue;
    if (at > start) names.push(path.subarray(start, at));
    start = at + 1;
  }
  if (path.at(-1) === SLASH && names.length > 0) names.push(DOT);
  return names;
}

function isDot(name: Uint8Array): boolean {
  return name.length === 1 && name[0] === 0x2e;
}

function isDotDot(name: Uint8Array): boolean {
  return name.length === 2 && name[0] === 0x2e && name[1] === 0x2e;
}

/** The last component of a path, for what is printed or made under that name; "." for the root. */
export function lastComponent(path: Uint8Array): Uint8Array {
  const names = componentsOf(path);
  if (path.at(-1) === SLASH) names.pop();
  return names.at(-1) ?? DOT;
}

function notDirectory(path: Uint8Array, name: Uint8Array): PathError {
  return new PathError('not-directory', `${quoteName(path)}: ${quoteName(name)} is not a directory`);
}

function noSuchPath(path: Uint8Array, name: Uint8Array): PathError {
  return new PathError(
    'no-such-path',
    `${quoteName(path)}: the image has no ${quoteName(name)} there; see what it has with erofs ls`,
  );
}

function symlinkLoop(path: Uint8Array): PathError {
  return new PathError(
    'symlink-loop',
    `${quoteName(path)}: more than ${SYMLINK_LIMIT} symbolic links on the way; they lead in a circle`,
  );
}
