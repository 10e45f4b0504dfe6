/**
 * Several layers as one tree, as Linux's overlayfs shows them: the last wins, whiteouts and opaque directories hide what is
 * below, directories are merged, redirects and metacopies are followed. Any trees may be layers: images, images with
 * object stores, merged layers.
 *
 * LAW: a node is shown by one layer, and its id says which and where. Nothing is kept that could not be forgotten.
 */
import { OverlayLayers } from './overlay-layers.js';
import { OverlayListings } from './overlay-listing.js';
import { OverlayMarks } from './overlay-marks.js';
import { type OverlayMemory, OverlayNodes } from './overlay-nodes.js';
import type { OverlayNamespace } from './overlay-xattr.js';
import {
  type Attr,
  type DecodedBytes,
  type DirEntry,
  isSelfOrParent,
  type NodeId,
  type ReadonlyTree,
  type StatFs,
} from './tree.js';

export interface OverlayLayer {
  /** its directories have "." and ".." as names, too */
  readonly tree: ReadonlyTree;
  /** it is not seen itself: files of other layers have their bytes there, found by absolute redirects */
  readonly dataOnly?: boolean;
  /** what people call it; "layer 1" and so on unless given, the lowest being 1 */
  readonly name?: string;
}

export interface OverlayOptions {
  /** whose attributes count; trusted.overlay.* and user.overlay.* unless given, of which the former is heard first */
  readonly namespaces?: readonly OverlayNamespace[];
  /** told of what is wrong with a name while the listing goes on */
  readonly report?: (problem: Error) => void;
  /** where nodes are kept; for ever unless given */
  readonly nodes?: OverlayMemory;
  /** bytes for what is remembered of names; 24 MiB unless given */
  readonly names?: number;
}

const NAMES = 24 << 20;

export class OverlayTree implements ReadonlyTree {
  readonly root: NodeId;
  readonly #layers: OverlayLayers;
  readonly #nodes: OverlayNodes;
  readonly #listings: OverlayListings;
  readonly #nameMax: number;

  /**
   * The lowest layer first; data-only ones are searched in the order given, and one at least must be none. Throws 'unsupported'
   * where a root's number is too large for so many layers.
   */
  constructor(layers: readonly OverlayLayer[], options: OverlayOptions = {}) {
    const {
      namespaces = ['trusted', 'user'],
      report = () => {},
      nodes = new Map(),
      names: room = NAMES,
    } = options;
    const shown = layers.filter(({ dataOnly }) => dataOnly !== true);
    const dataLayers = layers.filter(({ dataOnly }) => dataOnly === true).map(({ tree }) => tree);
    const trees = shown.map(({ tree }) => tree);
    const names = shown.map(({ name }, layer) => name ?? `layer ${layer + 1}`);
    this.#layers = new OverlayLayers(trees, names, new OverlayMarks(namespaces));
    // names of directories, directories of files, hidden names
    const third = Math.floor(room / 3);
    this.#nodes = new OverlayNodes(this.#layers, dataLayers, { nodes, names: third, parents: third });
    this.#listings = new OverlayListings({ layers: this.#layers, nodes: this.#nodes, names: third, report });
    this.#nameMax = Math.max(...trees.map((tree) => tree.statfs().nameMax));
    this.root = this.#layers.roots[0]!;
  }

  /** The layer that shows a node, counted from the lowest of those that are seen, and what that layer calls it. */
  origin(node: NodeId): { readonly layer: number; readonly node: NodeId } {
    return { layer: this.#layers.ids.layer(node), node: this.#layers.ids.node(node) };
  }

  lookup(parent: NodeId, name: Uint8Array): NodeId | undefined {
    const members = this.#nodes.members(parent);
    if (isSelfOrParent(name)) return name.length === 1 ? parent : this.#nodes.directories.parent(parent);
    const found = this.#layers.find(members, name);
    // what it takes to find out about the node is at hand now
    if (found !== undefined && !this.#nodes.isKnown(found)) this.#nodes.get(found, { members, name });
    return found;
  }

  getattr(node: NodeId): Attr {
    return this.#nodes.get(node).attr;
  }

  readlink(node: NodeId): Uint8Array {
    return this.#layers.tree(node).readlink(this.#layers.ids.node(node));
  }

  readdir(node: NodeId, cookie: number, emit: (entry: DirEntry) => boolean): void {
    this.#listings.list(node, cookie, emit);
  }

  read(node: NodeId, offset: number, dst: Uint8Array): number {
    const bytes = this.#nodes.bytes(node);
    return bytes.tree.read(bytes.node, offset, dst);
  }

  decodedAround(node: NodeId, offset: number): DecodedBytes | undefined {
    const bytes = this.#nodes.bytes(node);
    return bytes.tree.decodedAround?.(bytes.node, offset);
  }

  seek(node: NodeId, offset: number, what: 'data' | 'hole'): number | undefined {
    const bytes = this.#nodes.bytes(node);
    return bytes.tree.seek(bytes.node, offset, what);
  }

  getxattr(node: NodeId, name: Uint8Array): Uint8Array | undefined {
    const stored = this.#layers.marks.stored(name);
    return this.#layers.tree(node).getxattr(this.#layers.ids.node(node), stored);
  }

  listxattr(node: NodeId): Uint8Array[] {
    const names: Uint8Array[] = [];
    for (const name of this.#layers.tree(node).listxattr(this.#layers.ids.node(node))) {
      const shown = this.#layers.marks.shown(name);
      if (shown !== undefined) names.push(shown);
    }
    return names;
  }

  /** Of the uppermost layer, as overlayfs shows it. */
  statfs(): StatFs {
    return { ...this.#layers.tree(this.root).statfs(), nameMax: this.#nameMax };
  }
}
