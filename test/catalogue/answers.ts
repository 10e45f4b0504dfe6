/** Asking a tree what ask.py asks a mount, in the same words. */
import { createHash } from 'node:crypto';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../src/erofs-reader/layout.js';
import { Errno, errnoOf } from '../../src/fuse/errno.js';
import type { NodeId, ReadonlyTree } from '../../src/tree/tree.js';
import type { Answer } from './row.js';

/** Files up to so many bytes are read in parts, from the last to the first, so that each extent is met from behind. */
const BACKWARDS = 64 << 10;
/** Files beyond so many bytes are read at their start, in their middle and at their end alone. */
const WHOLE = 16 << 20;
const PART = 4096;
/** Content of so many bytes stands in an answer itself. */
const SHORT = 64;

const NAMES = new Map<number, string>(Object.entries(Errno).map(([name, number]) => [number, name]));

/** Content as an answer has it: short text itself, of all else size and digest. */
export function shown(content: Uint8Array | string): string {
  const bytes = Buffer.from(content as Uint8Array);
  if (bytes.length <= SHORT) return bytes.toString('latin1');
  return `${bytes.length} bytes, ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
}

/** What the tree answers, and the errors behind it. */
export interface Asked {
  readonly answer: Answer;
  readonly errors: readonly ErofsError[];
}

/** Throws what is no ErofsError. */
export function ask(tree: ReadonlyTree, path: readonly string[]): Asked {
  const errors: ErofsError[] = [];
  const attempt = <T>(operation: () => T): T | string => {
    try {
      return operation();
    } catch (error) {
      if (!(error instanceof ErofsError)) throw error;
      errors.push(error);
      return NAMES.get(errnoOf(error))!;
    }
  };
  const found = attempt(() => statOf(tree, path));
  if (typeof found === 'string') return { answer: { stat: found } as Answer, errors };
  const { node, mode, size } = found;
  const answer: Record<string, unknown> = {};
  if (mode === S_IFDIR) answer.list = attempt(() => namesOf(tree, node));
  if (mode === S_IFREG) answer.read = attempt(() => contentOf(tree, node, size));
  if (mode === S_IFLNK) answer.target = attempt(() => shown(tree.readlink(node)));
  const xattrs = attempt(() => xattrsOf(tree, node));
  if (typeof xattrs === 'string' || Object.keys(xattrs).length > 0) answer.xattrs = xattrs;
  return { answer: answer as Answer, errors };
}

function statOf(tree: ReadonlyTree, path: readonly string[]) {
  let node: NodeId | undefined = tree.root;
  for (const name of path) {
    node = tree.lookup(node, Buffer.from(name));
    if (node === undefined) return 'ENOENT';
  }
  const { mode, size } = tree.getattr(node);
  return { node, mode: mode & S_IFMT, size };
}

function namesOf(tree: ReadonlyTree, node: NodeId): string[] {
  const names: string[] = [];
  tree.readdir(node, 0, ({ name }) => names.push(Buffer.from(name).toString('latin1')) < 1000);
  return names.filter((name) => name !== '.' && name !== '..');
}

function contentOf(tree: ReadonlyTree, node: NodeId, size: number): string {
  const read = (offset: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, tree.read(node, offset, bytes));
  };
  if (size > BACKWARDS && size <= WHOLE) return shown(read(0, size));
  if (size <= BACKWARDS) {
    const parts: Uint8Array[] = [];
    for (let at = Math.ceil(size / PART) * PART - PART; at >= 0; at -= PART) {
      parts.unshift(read(at, Math.min(PART, size - at)));
    }
    return shown(Buffer.concat(parts));
  }
  const middle = Math.floor(size / 2);
  return shown(Buffer.concat([read(0, PART), read(middle, PART), read(size - PART, PART)]));
}

function xattrsOf(tree: ReadonlyTree, node: NodeId): Record<string, string> {
  const values = tree.listxattr(node).map((name): [string, string] => {
    const value = tree.getxattr(node, name);
    return [Buffer.from(name).toString('latin1'), value === undefined ? 'ENODATA' : shown(value)];
  });
  return Object.fromEntries(values);
}
