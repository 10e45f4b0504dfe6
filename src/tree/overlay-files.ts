/**
 * Where the bytes of a regular file are: in itself, or, where it is a metacopy, which has the attributes alone, in the file
 * that it was a copy of (fs/overlayfs/namei.c): of the same name in a lower layer, or where redirects lead, there or in the
 * data-only layers.
 */
import { S_IFDIR, S_IFMT, S_IFREG } from '../erofs-reader/layout.js';
import type { DirectoryMemory, OverlayDirectories, Place } from './overlay-directories.js';
import type { OverlayLayers } from './overlay-layers.js';
import { Misses } from './overlay-misses.js';
import type { OverlayNames } from './overlay-names.js';
import type { NodeId, ReadonlyTree } from './tree.js';

/** The node of a layer that has the bytes. */
export interface FileBytes {
  readonly tree: ReadonlyTree;
  readonly node: NodeId;
}

/** The names from the root of the data-only layers to the file that has the bytes; looked for when they are wanted. */
export type DataPath = readonly Uint8Array[];

export interface FilesOptions {
  readonly layers: OverlayLayers;
  readonly names: OverlayNames;
  readonly directories: OverlayDirectories;
  readonly memory: DirectoryMemory;
  /** searched in this order */
  readonly dataLayers: readonly ReadonlyTree[];
}

export class OverlayFiles {
  readonly #options: FilesOptions;

  constructor(options: FilesOptions) {
    this.#options = options;
  }

  /**
   * Where the bytes of a regular file are, found at `place`; that is found out where it is needed and not given.
   * Throws 'corrupt', also where they are nowhere.
   */
  locate(file: NodeId, place?: Place): FileBytes | DataPath {
    const { layers, directories, dataLayers } = this.#options;
    if (!layers.isMetacopy(file)) return this.#ownBytes(file);
    let { members, name } = place ?? this.#placeOf(file);
    let dataPath: DataPath | undefined;
    for (let at = file; ; ) {
      const redirect = layers.redirect(at);
      if (redirect !== undefined) {
        ({ members, name } = directories.follow(at, redirect, members));
        dataPath = redirect.isAbsolute ? redirect.names : undefined;
      }
      const next = layers.findBelow(at, members, name);
      if (next === undefined || !layers.isRegular(next)) break;
      if (!layers.isMetacopy(next)) return this.#checked(file, this.#ownBytes(next), layers.describe(next));
      at = next;
    }
    if (dataPath !== undefined && dataLayers.length > 0) return dataPath;
    throw layers.corrupt(
      file,
      'the xattr overlay.metacopy says that its bytes are in a layer below, and none has them; merge all the layers it was made with',
    );
  }

  /** The file of the data-only layers that has the bytes of `file`. Throws 'corrupt'. */
  resolve(file: NodeId, dataPath: DataPath): FileBytes {
    const { layers, dataLayers } = this.#options;
    const path = `/${dataPath.map((name) => Buffer.from(name).toString()).join('/')}`;
    const misses = new Misses();
    for (const tree of dataLayers) {
      try {
        const node = this.#walk(tree, dataPath);
        if (node !== undefined && misses.isEmpty) {
          return this.#checked(file, { tree, node }, `${path} of the data-only layers`);
        }
      } catch (thrown) {
        misses.add(thrown);
      }
    }
    if (!misses.isEmpty) misses.raise();
    throw layers.corrupt(file, `its bytes are to be in ${path} of a data-only layer, and none has that file`);
  }

  #ownBytes(file: NodeId): FileBytes {
    const { layers } = this.#options;
    return { tree: layers.tree(file), node: layers.ids.node(file) };
  }

  #placeOf(file: NodeId): Place {
    const { parent, name } = this.#options.names.placeOf(file);
    return { members: this.#options.memory.members(parent), name };
  }

  /** No link is followed. */
  #walk(tree: ReadonlyTree, path: DataPath): NodeId | undefined {
    let node: NodeId | undefined = tree.root;
    for (const [depth, name] of path.entries()) {
      node = tree.lookup(node, name);
      if (node === undefined) return undefined;
      const format = tree.getattr(node).mode & S_IFMT;
      if (format !== (depth === path.length - 1 ? S_IFREG : S_IFDIR)) return undefined;
    }
    return node;
  }

  /** A file of another size can not be the one that was copied, and would be read wrong by those who know the size. */
  #checked(file: NodeId, bytes: FileBytes, where: string): FileBytes {
    const { layers } = this.#options;
    const expected = layers.attr(file).size;
    const { size } = bytes.tree.getattr(bytes.node);
    if (size === expected) return bytes;
    throw layers.corrupt(file, `it has ${expected} bytes, and its bytes, ${where}, are ${size}`);
  }
}
