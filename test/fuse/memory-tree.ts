/** A tree of objects in memory, with damage where a test wants it. */
import { ErofsError } from '../../src/erofs-reader/errors.js';
import {
  type Attr,
  type DirEntry,
  FileType,
  type NodeId,
  type ReadonlyTree,
  type StatFs,
  TreeError,
} from '../../src/tree/tree.js';

export interface MemoryNode {
  readonly attr?: Partial<Attr>;
  readonly content?: Uint8Array;
  readonly target?: string;
  readonly xattrs?: Readonly<Record<string, Uint8Array>>;
  /** names to nodes; "." and ".." come by themselves */
  readonly entries?: ReadonlyMap<string, NodeId>;
  /** thrown by whatever is asked of the node */
  readonly damage?: unknown;
  /** thrown by readdir after so many entries */
  readonly damagedAfter?: number;
}

const S_IFMT = 0o170000;
const TYPE_OF_MODE = new Map<number, FileType>([
  [0o010000, FileType.fifo],
  [0o020000, FileType.character],
  [0o040000, FileType.directory],
  [0o060000, FileType.block],
  [0o100000, FileType.regular],
  [0o120000, FileType.symlink],
  [0o140000, FileType.socket],
]);

export class MemoryTree implements ReadonlyTree {
  readonly root: NodeId;
  readonly #nodes: ReadonlyMap<NodeId, MemoryNode>;

  constructor(root: NodeId, nodes: Iterable<readonly [NodeId, MemoryNode]>) {
    this.root = root;
    this.#nodes = new Map(nodes);
  }

  #find(node: NodeId): MemoryNode {
    const found = this.#nodes.get(node);
    if (found === undefined) throw new TreeError('no-such-node', `node ${node}: there is none`);
    if (found.damage !== undefined) throw found.damage;
    return found;
  }

  #directory(node: NodeId): ReadonlyMap<string, NodeId> {
    const { entries } = this.#find(node);
    if (entries === undefined) throw new TreeError('not-directory', `node ${node} is no directory`);
    return entries;
  }

  lookup(parent: NodeId, name: Uint8Array): NodeId | undefined {
    return this.#directory(parent).get(Buffer.from(name).toString('latin1'));
  }

  getattr(node: NodeId): Attr {
    const { attr, content, entries, target } = this.#find(node);
    const type = entries ? 0o040755 : target !== undefined ? 0o120777 : 0o100644;
    return {
      ino: node,
      mode: type,
      uid: 0,
      gid: 0,
      nlink: 1,
      size: content?.length ?? target?.length ?? 0,
      blocks: 0,
      blockSize: 4096,
      major: 0,
      minor: 0,
      mtimeSeconds: 0,
      mtimeNanoseconds: 0,
      ...attr,
    };
  }

  readlink(node: NodeId): Uint8Array {
    const { target } = this.#find(node);
    if (target === undefined) throw new TreeError('not-symlink', `node ${node} is no symlink`);
    return Buffer.from(target, 'latin1');
  }

  readdir(node: NodeId, cookie: number, emit: (entry: DirEntry) => boolean): void {
    const { damagedAfter = Number.POSITIVE_INFINITY } = this.#find(node);
    const entries = [['.', node], ['..', this.root], ...this.#directory(node)] as [string, NodeId][];
    for (let index = cookie; index < entries.length; index++) {
      if (index >= damagedAfter)
        throw new ErofsError('corrupt', `directory ${node} is damaged`, { nid: node });
      const [name, target] = entries[index]!;
      const mode = this.#nodes.get(target)?.damage === undefined ? this.getattr(target).mode : 0;
      const entry: DirEntry = {
        name: Buffer.from(name, 'latin1'),
        node: target,
        ino: target,
        type: TYPE_OF_MODE.get(mode & S_IFMT) ?? FileType.unknown,
        cookie: index + 1,
      };
      if (!emit(entry)) return;
    }
  }

  read(node: NodeId, offset: number, dst: Uint8Array): number {
    const { content, entries } = this.#find(node);
    if (entries !== undefined) throw new TreeError('is-directory', `node ${node} is a directory`);
    const bytes = (content ?? new Uint8Array(0)).subarray(offset, offset + dst.length);
    dst.set(bytes);
    return bytes.length;
  }

  /** The first half of every file is data, the rest a hole. */
  seek(node: NodeId, offset: number, what: 'data' | 'hole'): number | undefined {
    const { content = new Uint8Array(0) } = this.#find(node);
    const half = content.length / 2;
    if (offset >= content.length || (what === 'data' && offset >= half)) return undefined;
    return what === 'data' ? offset : Math.max(offset, half);
  }

  getxattr(node: NodeId, name: Uint8Array): Uint8Array | undefined {
    return this.#find(node).xattrs?.[Buffer.from(name).toString('latin1')];
  }

  listxattr(node: NodeId): Uint8Array[] {
    return Object.keys(this.#find(node).xattrs ?? {}).map((name) => Buffer.from(name, 'latin1'));
  }

  statfs(): StatFs {
    return { blockSize: 4096, blocks: 1234, inodes: 56, nameMax: 255 };
  }
}
