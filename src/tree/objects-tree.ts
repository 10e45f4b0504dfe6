/**
 * An image whose files have their bytes in object stores, as a composefs image: what Linux shows where overlayfs is
 * mounted over the image with the stores as data-only layers below it.
 *
 * LAW: everything but the bytes is the image's: names, modes, sizes, inode numbers. What overlayfs would not show
 * is not shown: whiteouts and its own attributes. An image that does not use them is shown as it is.
 */
import { isMiss } from '../erofs-reader/bytes.js';
import { corrupt } from '../erofs-reader/errors.js';
import { S_IFCHR, S_IFMT, S_IFREG } from '../erofs-reader/layout.js';
import {
  type ObjectDigest,
  type OverlayNamespace,
  OverlayXattrs,
  parseMetacopy,
  parseRedirect,
} from './overlay-xattr.js';
import {
  type Attr,
  type DecodedBytes,
  type DirEntry,
  FileType,
  type NodeId,
  type ReadonlyTree,
  type StatFs,
} from './tree.js';

/** A file whose bytes are an object. */
export interface ExternalFile {
  /** names from the top of a store to the object; at least one */
  readonly path: readonly Uint8Array[];
  /** bytes, by the image's inode */
  readonly size: number;
  /** what the object must be; undefined where the image does not say */
  readonly digest: ObjectDigest | undefined;
}

/** Where the bytes of external files come from. */
export interface ObjectReader {
  /** Fills dst from byte `offset`; the range lies within the file's size. Throws any error with a string `code`. */
  read(file: ExternalFile, offset: number, dst: Uint8Array): void;
}

/** Where a regular file's bytes are. */
export type FilePlace = ExternalFile | 'image';

/** May forget any file at any time. */
export interface FileMemory {
  get(node: NodeId): { readonly place: FilePlace } | undefined;
  set(node: NodeId, file: { readonly place: FilePlace }): unknown;
}

export interface ObjectsTreeOptions {
  /** whose attributes count; found out by the root directory's unless given */
  readonly namespace?: OverlayNamespace | undefined;
  readonly files: FileMemory;
}

export class ObjectsTree implements ReadonlyTree {
  readonly root: NodeId;
  readonly #image: ReadonlyTree;
  readonly #objects: ObjectReader;
  readonly #files: FileMemory;
  readonly #xattrs: readonly OverlayXattrs[];

  /** Throws as the image does, Miss too. */
  constructor(image: ReadonlyTree, objects: ObjectReader, { namespace, files }: ObjectsTreeOptions) {
    this.root = image.root;
    this.#image = image;
    this.#objects = objects;
    this.#files = files;
    this.#xattrs = namespace === undefined ? usedBy(image) : [new OverlayXattrs(namespace)];
  }

  lookup(parent: NodeId, name: Uint8Array): NodeId | undefined {
    const node = this.#image.lookup(parent, name);
    return node === undefined || this.#isWhiteout(node) ? undefined : node;
  }

  getattr(node: NodeId): Attr {
    return this.#image.getattr(node);
  }

  readlink(node: NodeId): Uint8Array {
    return this.#image.readlink(node);
  }

  readdir(node: NodeId, cookie: number, emit: (entry: DirEntry) => boolean): void {
    this.#image.readdir(node, cookie, (entry) => this.#isHidden(entry) || emit(entry));
  }

  read(node: NodeId, offset: number, dst: Uint8Array): number {
    const place = this.placeOf(node);
    if (place === 'image') return this.#image.read(node, offset, dst);
    const count = Math.max(0, Math.min(dst.length, place.size - offset));
    if (count > 0) this.#objects.read(place, offset, count < dst.length ? dst.subarray(0, count) : dst);
    return count;
  }

  decodedAround(node: NodeId, offset: number): DecodedBytes | undefined {
    return this.placeOf(node) === 'image' ? this.#image.decodedAround?.(node, offset) : undefined;
  }

  /** An object counts as data throughout; the image's inode would say that all of it is a hole. */
  seek(node: NodeId, offset: number, what: 'data' | 'hole'): number | undefined {
    const place = this.placeOf(node);
    if (place === 'image') return this.#image.seek(node, offset, what);
    if (offset >= place.size) return undefined;
    return what === 'data' ? offset : place.size;
  }

  getxattr(node: NodeId, name: Uint8Array): Uint8Array | undefined {
    const owner = this.#xattrs.find((xattrs) => xattrs.has(name));
    return this.#image.getxattr(node, owner === undefined ? name : owner.stored(name));
  }

  listxattr(node: NodeId): Uint8Array[] {
    const names: Uint8Array[] = [];
    for (const name of this.#image.listxattr(node)) {
      const owner = this.#xattrs.find((xattrs) => xattrs.has(name));
      const shown = owner === undefined ? name : owner.shown(name);
      if (shown !== undefined) names.push(shown);
    }
    return names;
  }

  statfs(): StatFs {
    return this.#image.statfs();
  }

  /** Where the bytes of a regular file are. Throws as the image does, and 'corrupt'. */
  placeOf(node: NodeId): FilePlace {
    let file = this.#files.get(node);
    if (file === undefined) {
      file = { place: this.#findPlace(node) };
      this.#files.set(node, file);
    }
    return file.place;
  }

  /** The attribute metacopy says that the bytes are elsewhere, redirect where; redirect alone is for directories. */
  #findPlace(node: NodeId): FilePlace {
    const { mode, size } = this.#image.getattr(node);
    if ((mode & S_IFMT) !== S_IFREG) return 'image';
    for (const xattrs of this.#xattrs) {
      const metacopy = this.#image.getxattr(node, xattrs.metacopy);
      if (metacopy === undefined) continue;
      const redirect = this.#image.getxattr(node, xattrs.redirect);
      if (redirect === undefined) {
        throw corrupt(
          `inode ${node}: the xattr overlay.metacopy says that its bytes are in an object store, and overlay.redirect, which would say where, is missing`,
          { nid: node },
        );
      }
      return { path: parseRedirect(redirect, node), size, digest: parseMetacopy(metacopy, node) };
    }
    return 'image';
  }

  #isHidden({ type, node }: DirEntry): boolean {
    if (type !== FileType.character && type !== FileType.regular && type !== FileType.unknown) return false;
    try {
      return this.#isWhiteout(node);
    } catch (error) {
      if (isMiss(error)) throw error;
      // One bad inode must not cost the listing; whoever uses the name is told what is wrong with it.
      return false;
    }
  }

  /** A character device 0:0, or an empty file with the attribute whiteout. */
  #isWhiteout(node: NodeId): boolean {
    const { mode, size, major, minor } = this.#image.getattr(node);
    const format = mode & S_IFMT;
    if (format === S_IFCHR) return major === 0 && minor === 0;
    if (format !== S_IFREG || size > 0) return false;
    return this.#xattrs.some((xattrs) => this.#image.getxattr(node, xattrs.whiteout) !== undefined);
  }
}

/**
 * Overlayfs heeds one namespace a mount, and what the other holds are ordinary attributes. Writers mark the root as opaque
 * in the one they mean; where they do not, both count.
 */
function usedBy(image: ReadonlyTree): OverlayXattrs[] {
  const all = [new OverlayXattrs('trusted'), new OverlayXattrs('user')];
  const names = image.listxattr(image.root);
  const used = all.find((xattrs) => names.some((name) => xattrs.has(name)));
  return used === undefined ? all : [used];
}
