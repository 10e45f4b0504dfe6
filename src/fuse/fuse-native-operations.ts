/**
 * A ReadonlyTree as the path calls of libfuse 2, in the shape that the fuse-native package wants them.
 *
 * LAW: every call is answered exactly once, whatever the tree throws. Speaks errno; opens and mounts nothing.
 * docs/fuse-native.md lists what these calls cannot carry.
 */
import { isUtf8 } from 'node:buffer';
import { Count, counters } from '../statistics/counters.js';
import { type Attr, FileType, type NodeId, type ReadonlyTree, TreeError } from '../tree/tree.js';
import { deviceNumber } from './attr.js';
import { Errno, errnoOf } from './errno.js';
import { READ } from './protocol.js';

/** Attributes under the package's names; times are milliseconds since 1970. */
export interface NativeStat {
  readonly mode: number;
  readonly ino: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly nlink?: number;
  readonly size?: number;
  readonly rdev?: number;
  readonly blksize?: number;
  readonly blocks?: number;
  readonly atime: number;
  readonly mtime: number;
  readonly ctime: number;
}

type Answer<T> = (errno: number, value?: T) => void;

/** The handlers that libfuse calls. A count is answered in the place of errno, as the package wants it. */
export interface NativeHandlers {
  getattr(path: string, answer: Answer<NativeStat>): void;
  readdir(path: string, answer: (errno: number, names?: string[], stats?: NativeStat[]) => void): void;
  readlink(path: string, answer: Answer<string>): void;
  read(
    path: string,
    handle: number,
    into: Buffer,
    length: number,
    offset: number,
    answer: Answer<never>,
  ): void;
  statfs(path: string, answer: Answer<object>): void;
  getxattr(path: string, name: string, position: number, answer: Answer<Buffer>): void;
  listxattr(path: string, answer: Answer<string[]>): void;
}

export interface ServedTree {
  readonly tree: ReadonlyTree;
  /** see OpenedImage.run */
  run<T>(operation: () => T): T | Promise<T>;
}

export interface HandlerOptions {
  /** whether every caller is root, so that names of trusted.* may be shown */
  readonly onlyRootCalls: boolean;
  /** gets whatever is not the caller's mistake, with the call and the path */
  report(problem: Error, call: string, path: string): void;
}

export function createHandlers(served: ServedTree, options: HandlerOptions): NativeHandlers {
  const { tree } = served;
  const paths = new PathFinder(tree);

  /** Gives the operation's value to `done`, or its errno to `fail`. An operation may run several times. */
  async function answer<T>(
    call: keyof typeof OPCODE_OF,
    path: string,
    operation: (node: NodeId) => T,
    done: (value: T) => void,
    fail: (errno: number) => void,
  ): Promise<void> {
    let value: T;
    const began = performance.now();
    try {
      const result = served.run(() => operation(paths.find(path)));
      value = result instanceof Promise ? await result : result;
    } catch (problem) {
      if (problem === ABSENT) return fail(-Errno.ENOENT);
      if (!(problem instanceof TreeError)) {
        counters.failed(OPCODE_OF[call]);
        options.report(asError(problem), call, path);
      }
      return fail(-errnoOf(problem));
    } finally {
      counters.answered(OPCODE_OF[call]);
      counters.took(OPCODE_OF[call], performance.now() - began);
    }
    done(value);
  }

  return {
    getattr(path, reply) {
      answer(
        'getattr',
        path,
        (node) => toStat(tree.getattr(node)),
        (stat) => reply(0, stat),
        reply,
      );
    },
    readdir(path, reply) {
      answer(
        'readdir',
        path,
        (node) => listDirectory(tree, node),
        ({ names, stats, unnamable }) => {
          if (unnamable > 0) {
            options.report(
              new Error(`${unnamable} names that are not UTF-8 were left out; use --transport dev-fuse`),
              'readdir',
              path,
            );
          }
          reply(0, names, stats);
        },
        reply,
      );
    },
    readlink(path, reply) {
      answer(
        'readlink',
        path,
        (node) => Buffer.from(tree.readlink(node)).toString(),
        (target) => reply(0, target),
        reply,
      );
    },
    read(path, _handle, into, _length, offset, reply) {
      const done = (length: number) => {
        counters.add(Count.bytesRead, length);
        reply(length);
      };
      answer('read', path, (node) => tree.read(node, offset, into), done, reply);
    },
    statfs(path, reply) {
      answer(
        'statfs',
        path,
        () => toStatFs(tree),
        (totals) => reply(0, totals),
        reply,
      );
    },
    getxattr(path, name, _position, reply) {
      const key = Buffer.from(name);
      answer(
        'getxattr',
        path,
        (node) => tree.getxattr(node, key),
        (value) => (value === undefined ? reply(-Errno.ENODATA) : reply(0, Buffer.from(value))),
        reply,
      );
    },
    listxattr(path, reply) {
      answer(
        'listxattr',
        path,
        (node) => listAttributes(tree, node, options.onlyRootCalls),
        (names) => reply(0, names),
        reply,
      );
    },
  };
}

/** The requests that libfuse makes these calls of, for counting them. */
const OPCODE_OF = {
  getattr: 3,
  readlink: 5,
  read: READ,
  statfs: 17,
  getxattr: 22,
  listxattr: 23,
  readdir: 28,
} as const;

/** Thrown where a path leads nowhere: the most common answer of all, and no problem of the tree's. */
const ABSENT = { code: 'absent' };

/** A Miss that nothing filled is no Error. */
function asError(problem: unknown): Error {
  return problem instanceof Error
    ? problem
    : new Error('the bytes are not here, and nothing here fetches them');
}

/** Paths to nodes. The last directory is remembered: calls for the names of one directory come together. */
class PathFinder {
  readonly #tree: ReadonlyTree;
  #directory = '';
  #directoryNode: NodeId;

  constructor(tree: ReadonlyTree) {
    this.#tree = tree;
    this.#directoryNode = tree.root;
  }

  /** `path` is absolute and has no link, "." or ".." in it, as libfuse gives it. */
  find(path: string): NodeId {
    if (path === '/') return this.#tree.root;
    const slash = path.lastIndexOf('/');
    const directory = path.slice(0, slash);
    if (directory !== this.#directory) {
      this.#directoryNode = this.#walk(directory);
      this.#directory = directory;
    }
    return this.#step(this.#directoryNode, path.slice(slash + 1));
  }

  #walk(directory: string): NodeId {
    let node = this.#tree.root;
    for (const name of directory.split('/')) if (name !== '') node = this.#step(node, name);
    return node;
  }

  #step(node: NodeId, name: string): NodeId {
    const found = this.#tree.lookup(node, Buffer.from(name));
    if (found === undefined) throw ABSENT;
    return found;
  }
}

/** Times before 1970 are shown as 1970: the package's milliseconds are unsigned. */
function toStat(attr: Attr): NativeStat {
  const milliseconds = attr.mtimeSeconds * 1000 + Math.floor(attr.mtimeNanoseconds / 1e6);
  const time = Math.max(0, milliseconds);
  return {
    mode: attr.mode,
    ino: attr.ino,
    uid: attr.uid,
    gid: attr.gid,
    nlink: attr.nlink,
    size: attr.size,
    rdev: deviceNumber(attr.major, attr.minor),
    blksize: attr.blockSize,
    blocks: attr.blocks,
    atime: time,
    mtime: time,
    ctime: time,
  };
}

/** S_IFMT bits by FileType; libfuse makes d_type of them. */
const TYPE_BITS: Readonly<Record<FileType, number>> = {
  [FileType.unknown]: 0,
  [FileType.regular]: 0o100000,
  [FileType.directory]: 0o040000,
  [FileType.character]: 0o020000,
  [FileType.block]: 0o060000,
  [FileType.fifo]: 0o010000,
  [FileType.socket]: 0o140000,
  [FileType.symlink]: 0o120000,
};

function listDirectory(
  tree: ReadonlyTree,
  node: NodeId,
): { names: string[]; stats: NativeStat[]; unnamable: number } {
  const names: string[] = [];
  const stats: NativeStat[] = [];
  let unnamable = 0;
  tree.readdir(node, 0, ({ name, ino, type }) => {
    if (isUtf8(name)) {
      names.push(Buffer.from(name).toString());
      stats.push({ mode: TYPE_BITS[type], ino, atime: 0, mtime: 0, ctime: 0 });
    } else unnamable++;
    return true;
  });
  return { names, stats, unnamable };
}

function listAttributes(tree: ReadonlyTree, node: NodeId, showTrusted: boolean): string[] {
  const names: string[] = [];
  for (const bytes of tree.listxattr(node)) {
    const name = Buffer.from(bytes);
    if (isUtf8(name) && (showTrusted || !name.toString().startsWith('trusted.'))) names.push(name.toString());
  }
  return names;
}

const LARGEST = 0xffff_ffff;

/** Counts are 32 bits wide on this way; larger ones are shown as the largest. */
function toStatFs(tree: ReadonlyTree): object {
  const { blockSize, blocks, inodes, nameMax } = tree.statfs();
  return {
    bsize: blockSize,
    frsize: blockSize,
    blocks: Math.min(blocks, LARGEST),
    files: Math.min(inodes, LARGEST),
    namemax: nameMax,
  };
}
