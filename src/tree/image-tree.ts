/** One EROFS image as a tree. Node ids are nids, so every worker agrees on them and none keeps a table. */
import { type Dirent, lookupName, readDirectory } from '../erofs-reader/dir.js';
import type { DataNode, ErofsImage } from '../erofs-reader/image.js';
import { type Inode, isType } from '../erofs-reader/inode.js';
import { Layout, NAME_MAX, S_IFDIR, S_IFLNK } from '../erofs-reader/layout.js';
import { readData } from '../erofs-reader/read.js';
import { seekData } from '../erofs-reader/seek.js';
import { readSymlink } from '../erofs-reader/symlink.js';
import { getXattr, listXattrs } from '../erofs-reader/xattr.js';
import {
  type Attr,
  type DecodedBytes,
  type DirEntry,
  type FileType,
  type NodeId,
  type ReadonlyTree,
  type StatFs,
  TreeError,
} from './tree.js';

export interface ImageTreeOptions {
  /** every node is shown with this owner instead of its own */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** told of entries that are left out of a listing */
  readonly report: (problem: Error) => void;
  /** where decoded inodes are kept, with what their mappers remember: about 1 KiB each */
  readonly nodes: NodeMemory;
}

/** May forget any node at any time. */
export interface NodeMemory {
  get(id: NodeId): Node | undefined;
  set(id: NodeId, node: Node): unknown;
}

const SECTOR_SIZE = 512;

/** An inode and what was derived from it so far. */
export class Node {
  readonly inode: Inode;
  readonly attr: Attr;
  data: DataNode | undefined;

  constructor(inode: Inode, attr: Attr) {
    this.inode = inode;
    this.attr = attr;
  }
}

export class ImageTree implements ReadonlyTree {
  readonly root: NodeId;
  readonly #image: ErofsImage;
  readonly #options: ImageTreeOptions;

  constructor(image: ErofsImage, options: ImageTreeOptions) {
    this.#image = image;
    this.#options = options;
    this.root = image.geometry.rootNid;
  }

  lookup(parent: NodeId, name: Uint8Array): NodeId | undefined {
    return lookupName(this.#image, this.#directory(parent), name);
  }

  getattr(node: NodeId): Attr {
    return this.#node(node).attr;
  }

  readlink(node: NodeId): Uint8Array {
    const { inode } = this.#node(node);
    if (!isType(inode, S_IFLNK)) throw new TreeError('not-symlink', `inode ${node} is no symlink`);
    return readSymlink(this.#image, inode);
  }

  readdir(node: NodeId, cookie: number, emit: (entry: DirEntry) => boolean): void {
    readDirectory(
      this.#image,
      this.#directory(node),
      cookie,
      (dirent) => emit(this.#entry(dirent)),
      this.#options.report,
    );
  }

  read(node: NodeId, offset: number, dst: Uint8Array): number {
    const opened = this.#node(node);
    if (isType(opened.inode, S_IFDIR)) throw new TreeError('is-directory', `inode ${node} is a directory`);
    return readData(this.#image, this.#data(opened), offset, dst);
  }

  decodedAround(node: NodeId, offset: number): DecodedBytes | undefined {
    const opened = this.#node(node);
    const { size } = opened.inode;
    if (offset >= size) return undefined;
    const extent = this.#data(opened).mapper.map(offset, offset + 1);
    if (extent.kind !== 'coded') return undefined;
    const bytes = this.#image.decoder.kept(extent, extent.length);
    if (bytes === undefined) return undefined;
    return {
      offset: extent.start,
      bytes: bytes.subarray(0, extent.length),
      isEnd: extent.start + extent.length === size,
    };
  }

  seek(node: NodeId, offset: number, what: 'data' | 'hole'): number | undefined {
    return seekData(this.#data(this.#node(node)), offset, what);
  }

  getxattr(node: NodeId, name: Uint8Array): Uint8Array | undefined {
    return getXattr(this.#image, this.#node(node).inode, name);
  }

  listxattr(node: NodeId): Uint8Array[] {
    return listXattrs(this.#image, this.#node(node).inode);
  }

  statfs(): StatFs {
    const { blockSize, totalBlocks, inodes } = this.#image.geometry;
    return { blockSize, blocks: totalBlocks, inodes, nameMax: NAME_MAX };
  }

  #directory(id: NodeId): DataNode {
    const node = this.#node(id);
    if (!isType(node.inode, S_IFDIR)) throw new TreeError('not-directory', `inode ${id} is no directory`);
    return this.#data(node);
  }

  #data(node: Node): DataNode {
    node.data ??= this.#image.data(node.inode);
    return node.data;
  }

  #node(id: NodeId): Node {
    let node = this.#options.nodes.get(id);
    if (node === undefined) {
      const inode = this.#image.inode(id);
      node = new Node(inode, this.#attr(inode));
      this.#options.nodes.set(id, node);
    }
    return node;
  }

  #entry(dirent: Dirent): DirEntry {
    return {
      name: dirent.name,
      node: dirent.nid,
      ino: this.#image.ino(dirent.nid),
      type: dirent.type as FileType,
      cookie: dirent.next,
    };
  }

  #attr(inode: Inode): Attr {
    const { blockSize } = this.#image.geometry;
    const compressed = inode.layout === Layout.COMPRESSED_FULL || inode.layout === Layout.COMPRESSED_COMPACT;
    const blocks = compressed ? inode.compressedBlocks : Math.ceil(inode.size / blockSize);
    return {
      ino: this.#image.ino(inode.nid),
      mode: inode.mode,
      uid: this.#options.uid ?? inode.uid,
      gid: this.#options.gid ?? inode.gid,
      nlink: inode.nlink,
      size: inode.size,
      blocks: blocks * (blockSize / SECTOR_SIZE),
      blockSize,
      major: inode.major,
      minor: inode.minor,
      mtimeSeconds: inode.mtimeSeconds,
      mtimeNanoseconds: inode.mtimeNanoseconds,
    };
  }
}
