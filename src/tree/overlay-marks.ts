/**
 * What a layer says about the layers below it, in the form of Linux's overlayfs: whiteouts, opaque directories, redirects,
 * files of metadata alone; and which attributes are therefore not shown.
 */
import { S_IFCHR, S_IFMT, S_IFREG } from '../erofs-reader/layout.js';
import { parseLayerRedirect, type Redirect } from './overlay-redirect.js';
import { type OverlayNamespace, OverlayXattrs, parseMetacopy } from './overlay-xattr.js';
import type { Attr, NodeId, ReadonlyTree } from './tree.js';

const OPAQUE = 'y'.charCodeAt(0);

export class OverlayMarks {
  readonly #namespaces: readonly OverlayXattrs[];

  /** Where several namespaces count, the first that says something is heard. */
  constructor(namespaces: readonly OverlayNamespace[]) {
    this.#namespaces = namespaces.map((namespace) => new OverlayXattrs(namespace));
  }

  /** A character device 0:0, or an empty file with the attribute whiteout. */
  isWhiteout(tree: ReadonlyTree, node: NodeId, { mode, size, major, minor }: Attr): boolean {
    const format = mode & S_IFMT;
    if (format === S_IFCHR) return major === 0 && minor === 0;
    if (format !== S_IFREG || size > 0) return false;
    for (const { whiteout } of this.#namespaces) {
      if (tree.getxattr(node, whiteout) !== undefined) return true;
    }
    return false;
  }

  /** Whether a directory hides what is below it. */
  isOpaque(tree: ReadonlyTree, node: NodeId): boolean {
    for (const { opaque } of this.#namespaces) {
      const value = tree.getxattr(node, opaque);
      if (value?.length === 1 && value[0] === OPAQUE) return true;
    }
    return false;
  }

  /** `what` names the node for people. Throws 'corrupt'. */
  redirect(tree: ReadonlyTree, node: NodeId, what: string): Redirect | undefined {
    for (const { redirect } of this.#namespaces) {
      const value = tree.getxattr(node, redirect);
      if (value !== undefined) return parseLayerRedirect(value, what, node);
    }
    return undefined;
  }

  /** Whether a regular file has its bytes in a layer below. Throws 'corrupt'. */
  isMetacopy(tree: ReadonlyTree, node: NodeId): boolean {
    for (const { metacopy } of this.#namespaces) {
      const value = tree.getxattr(node, metacopy);
      if (value === undefined) continue;
      parseMetacopy(value, node);
      return true;
    }
    return false;
  }

  /** As a mount shows an attribute's name; undefined where overlayfs keeps it to itself. */
  shown(name: Uint8Array): Uint8Array | undefined {
    for (const xattrs of this.#namespaces) if (xattrs.has(name)) return xattrs.shown(name);
    return name;
  }

  /** As the layer stores what is shown as `name`. */
  stored(name: Uint8Array): Uint8Array {
    for (const xattrs of this.#namespaces) if (xattrs.has(name)) return xattrs.stored(name);
    return name;
  }
}
