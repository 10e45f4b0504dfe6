/** A tree in memory that may break every rule of the format, which no image maker would write. */
import { constants } from 'node:fs';
import type { OpenTree } from '../../src/commands/open-tree.js';
import type { Entry } from '../../src/commands/walk.js';
import {
  type Attr,
  type DirEntry,
  FileType,
  type NodeId,
  type ReadonlyTree,
  type StatFs,
  TreeError,
} from '../../src/tree/tree.js';

const { S_IFMT, S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO } = constants;

interface MemoryNode {
  readonly attr: Attr;
  readonly content?: Uint8Array;
  /** half-open ranges of the content that are no hole; all of it unless given */
  readonly data?: readonly (readonly [number, number])[];
  readonly target?: Uint8Array;
  readonly names?: [Uint8Array, NodeId][];
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
}

type NodeFields = Partial<Attr> & Omit<MemoryNode, 'attr'>;

export class MemoryTree implements ReadonlyTree {
  readonly root: NodeId = 0;
  /** thrown by the call on a node that stands first, such as "read" */
  readonly faults = new Map<string, Error>();
  readonly #nodes: MemoryNode[] = [];

  constructor() {
    this.directory();
  }

  directory(fields: NodeFields = {}): NodeId {
    return this.#add({ mode: S_IFDIR | 0o755, nlink: 2, names: [], ...fields });
  }

  file(content: string | Uint8Array, fields: NodeFields = {}): NodeId {
    const bytes = Buffer.from(content as string);
    return this.#add({ mode: S_IFREG | 0o644, content: bytes, size: bytes.length, ...fields });
  }

  symlink(target: string | Uint8Array, fields: NodeFields = {}): NodeId {
    const bytes = Buffer.from(target as string);
    return this.#add({ mode: S_IFLNK | 0o777, target: bytes, size: bytes.length, ...fields });
  }

  fifo(fields: NodeFields = {}): NodeId {
    return this.#add({ mode: S_IFIFO | 0o644, ...fields });
  }

  /** Puts a name into a directory, whatever it is and however often, and gives the node back. */
  link(directory: NodeId, name: string | Uint8Array, node: NodeId): NodeId {
    this.#nodes[directory]!.names!.push([Buffer.from(name as string), node]);
    return node;
  }

  /** Makes every later `call` on `node` fail. */
  fail(call: keyof ReadonlyTree, node: NodeId, message: string): void {
    this.faults.set(`${call} ${node}`, Object.assign(new Error(message), { code: 'corrupt' }));
  }

  #add({ content, data, target, names, xattrs, ...attr }: NodeFields): NodeId {
    const node = this.#nodes.length;
    this.#nodes.push({
      attr: {
        ino: node + 100,
        mode: 0,
        uid: 0,
        gid: 0,
        nlink: 1,
        size: 0,
        blocks: 0,
        blockSize: 4096,
        major: 0,
        minor: 0,
        mtimeSeconds: 1_600_000_000,
        mtimeNanoseconds: 7,
        ...attr,
      },
      ...(content && { content }),
      ...(data && { data }),
      ...(target && { target }),
      ...(names && { names }),
      ...(xattrs && { xattrs }),
    });
    return node;
  }

  #node(call: keyof ReadonlyTree, node: NodeId): MemoryNode {
    const fault = this.faults.get(`${call} ${node}`);
    if (fault !== undefined) throw fault;
    const found = this.#nodes[node];
    if (found === undefined) throw new TreeError('no-such-node', `no node ${node}`);
    return found;
  }

  lookup(parent: NodeId, name: Uint8Array): NodeId | undefined {
    return this.#names('lookup', parent).find(([known]) => Buffer.compare(known, name) === 0)?.[1];
  }

  getattr(node: NodeId): Attr {
    return this.#node('getattr', node).attr;
  }

  readlink(node: NodeId): Uint8Array {
    const { target } = this.#node('readlink', node);
    if (target === undefined) throw new TreeError('not-symlink', `node ${node} is no symlink`);
    return target;
  }

  readdir(node: NodeId, cookie: number, emit: (entry: DirEntry) => boolean): void {
    const self: [Uint8Array, NodeId][] = [
      [Buffer.from('.'), node],
      [Buffer.from('..'), node],
    ];
    const all = [...self, ...this.#names('readdir', node)];
    // One borrowed array for all names, as an image reuses its block: whoever keeps a name must copy it.
    const borrowed = Buffer.alloc(1024);
    for (let index = cookie; index < all.length; index++) {
      const [name, child] = all[index]!;
      borrowed.fill(0xff);
      borrowed.set(name);
      const entry = {
        name: borrowed.subarray(0, name.length),
        node: child,
        ino: child + 100,
        type: typeOf(this.#nodes[child]?.attr.mode ?? 0),
        cookie: index + 1,
      };
      if (!emit(entry)) return;
    }
  }

  #names(call: keyof ReadonlyTree, node: NodeId): [Uint8Array, NodeId][] {
    const { names } = this.#node(call, node);
    if (names === undefined) throw new TreeError('not-directory', `node ${node} is no directory`);
    return names;
  }

  read(node: NodeId, offset: number, dst: Uint8Array): number {
    const content = this.#node('read', node).content ?? Buffer.alloc(0);
    const piece = content.subarray(offset, offset + dst.length);
    dst.set(piece);
    return piece.length;
  }

  seek(node: NodeId, offset: number, what: 'data' | 'hole'): number | undefined {
    const { data, attr } = this.#node('seek', node);
    if (offset >= attr.size) return undefined;
    const ranges = data ?? [[0, attr.size]];
    const range = ranges.find(([, end]) => end > offset);
    if (what === 'data') return range && Math.max(range[0], offset);
    return range && range[0] <= offset ? range[1] : offset;
  }

  getxattr(node: NodeId, name: Uint8Array): Uint8Array | undefined {
    return this.#node('getxattr', node).xattrs?.get(Buffer.from(name).toString('latin1'));
  }

  listxattr(node: NodeId): Uint8Array[] {
    return [...(this.#node('listxattr', node).xattrs?.keys() ?? [])].map((name) =>
      Buffer.from(name, 'latin1'),
    );
  }

  statfs(): StatFs {
    return { blockSize: 4096, blocks: 1, inodes: this.#nodes.length, nameMax: 255 };
  }
}

function typeOf(mode: number): FileType {
  const type = mode & S_IFMT;
  if (type === S_IFDIR) return FileType.directory;
  if (type === S_IFREG) return FileType.regular;
  return type === S_IFLNK ? FileType.symlink : FileType.fifo;
}

/** Every operation is run twice and answered by a promise, as where bytes have to be fetched. */
export function openSlowly(tree: ReadonlyTree): OpenTree {
  return {
    tree,
    async run(operation) {
      operation();
      return operation();
    },
  };
}

/** Every operation is answered at once, as where all bytes are here. */
export function openAtOnce(tree: ReadonlyTree): OpenTree {
  return { tree, run: (operation) => operation() };
}

export const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');
export const text = (name: Uint8Array): string => Buffer.from(name).toString('utf8');
export const pathOf = (entry: Entry): string => text(entry.path);
