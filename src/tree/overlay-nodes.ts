/**
 * What was found out about the nodes of merged layers, and how it is found out: of a directory its members, of a file where
 * its bytes are, of both the attributes that overlayfs shows.
 */
import { S_IFDIR, S_IFMT, S_IFREG } from '../erofs-reader/layout.js';
import { type DirectoryMemory, type Members, OverlayDirectories, type Place } from './overlay-directories.js';
import { type DataPath, type FileBytes, OverlayFiles } from './overlay-files.js';
import type { OverlayLayers } from './overlay-layers.js';
import { type NameRooms, OverlayNames } from './overlay-names.js';
import { shownInode } from './overlay-node.js';
import { type Attr, type NodeId, type ReadonlyTree, TreeError } from './tree.js';

/** May forget any node at any time. */
export interface OverlayMemory {
  get(id: NodeId): OverlayNode | undefined;
  set(id: NodeId, node: OverlayNode): unknown;
}

/** Bytes of a node with no members to speak of; each member of a directory takes another 8. */
export const OVERLAY_NODE_SIZE = 1024;

export const sizeOfNode = ({ members = [] }: OverlayNode): number => OVERLAY_NODE_SIZE + 8 * members.length;

export interface OverlayNode {
  readonly attr: Attr;
  /** of directories */
  readonly members: Members | undefined;
  /** of regular files; a path until somebody wants the bytes */
  bytes: FileBytes | DataPath | undefined;
}

/** Where what was found out is kept, and how much of it. */
export interface OverlayRooms extends NameRooms {
  readonly nodes: OverlayMemory;
}

const SECTOR_SIZE = 512;

export class OverlayNodes implements DirectoryMemory {
  readonly directories: OverlayDirectories;
  readonly #layers: OverlayLayers;
  readonly #files: OverlayFiles;
  readonly #memory: OverlayMemory;
  /** the entry of a listing that is being given: its place need not be found out */
  #listed: NodeId | undefined;
  #listedPlace: Place | undefined;

  constructor(layers: OverlayLayers, dataLayers: readonly ReadonlyTree[], rooms: OverlayRooms) {
    const names = new OverlayNames(layers, rooms);
    this.#layers = layers;
    this.#memory = rooms.nodes;
    this.directories = new OverlayDirectories(layers, names, this);
    this.#files = new OverlayFiles({
      ...{ layers, names, dataLayers, memory: this },
      directories: this.directories,
    });
  }

  isKnown(id: NodeId): boolean {
    return this.#memory.get(id) !== undefined;
  }

  /** `place`, where it is known, saves finding out where the node is. Throws as the layers do, and 'corrupt'. */
  get(id: NodeId, place?: Place): OverlayNode {
    let node = this.#memory.get(id);
    if (node === undefined) {
      node = this.#make(id, place ?? (id === this.#listed ? this.#listedPlace : undefined));
      this.#memory.set(id, node);
    }
    return node;
  }

  /** Throws 'not-directory'. */
  members(id: NodeId, place?: Place): Members {
    const { members } = this.get(id, place);
    if (members !== undefined) return members;
    throw new TreeError('not-directory', `${this.#layers.describe(id)} is no directory`);
  }

  /** The entry that is given next was found at `place`; undefined: none is given any more. */
  list(id: NodeId | undefined, place: Place | undefined): void {
    this.#listed = id;
    this.#listedPlace = place;
  }

  /** Who has the bytes that reading `id` gives. Throws 'is-directory', 'corrupt'. */
  bytes(id: NodeId): FileBytes {
    const node = this.get(id);
    const { bytes } = node;
    if (bytes !== undefined && 'tree' in bytes) return bytes;
    if (bytes !== undefined) {
      const found = this.#files.resolve(id, bytes);
      node.bytes = found;
      return found;
    }
    if (node.members === undefined) return { tree: this.#layers.tree(id), node: this.#layers.ids.node(id) };
    throw new TreeError('is-directory', `${this.#layers.describe(id)} is a directory`);
  }

  #make(id: NodeId, place: Place | undefined): OverlayNode {
    const own = this.#layers.attr(id);
    const attr = { ...own, ino: shownInode(id) };
    const format = own.mode & S_IFMT;
    if (format === S_IFDIR) {
      const members = this.directories.merge(id, place);
      if (members.length > 1) attr.nlink = 1; // as overlayfs, which does not count them
      return { attr, members, bytes: undefined };
    }
    if (format !== S_IFREG) return { attr, members: undefined, bytes: undefined };
    const bytes = this.#files.locate(id, place);
    if (!('tree' in bytes)) attr.blocks = fullBlocks(own);
    else attr.blocks = bytes.tree.getattr(bytes.node).blocks;
    return { attr, members: undefined, bytes };
  }
}

/** As overlayfs guesses it of bytes in data-only layers, rather than look for them. In units of 512 bytes. */
function fullBlocks({ size, blockSize }: Attr): number {
  return (Math.ceil(size / blockSize) * blockSize) / SECTOR_SIZE;
}
