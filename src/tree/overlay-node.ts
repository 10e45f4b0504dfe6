/**
 * Node ids of merged layers: which layer, and which node of it.
 *
 * LAW: an id is a function of the two alone. Workers share no table, and all of them understand the ids of the others for
 * as long as the layers are the same.
 */
import { METABOX_NID, nidName } from '../erofs-reader/bytes.js';
import { ErofsError } from '../erofs-reader/errors.js';
import type { NodeId } from './tree.js';

/** Room for what is added to an id where it is shown: 1 for st_ino, 2 for a node id of FUSE. */
const LARGEST = Number.MAX_SAFE_INTEGER - 2;

/** Layers are counted from the lowest, 0. */
export class OverlayIds {
  readonly #layers: number;

  constructor(layers: number) {
    this.#layers = layers;
  }

  /** Throws 'unsupported' for a node whose id would be no safe integer. */
  id(layer: number, node: NodeId): NodeId {
    // the bit that says "in the metabox" moves from the top to the bottom, where it leaves room for the layer
    const folded = node < METABOX_NID ? node * 2 : (node - METABOX_NID) * 2 + 1;
    const id = folded * this.#layers + layer;
    if (id <= LARGEST) return id;
    throw new ErofsError(
      'unsupported',
      `inode ${nidName(node)} of layer ${layer + 1}: with ${this.#layers} layers inode numbers up to ${Math.floor(LARGEST / this.#layers / 2)} can be shown; merge fewer layers`,
      { nid: node },
    );
  }

  layer(id: NodeId): number {
    return id % this.#layers;
  }

  /** The node as its layer calls it. */
  node(id: NodeId): NodeId {
    const folded = (id - (id % this.#layers)) / this.#layers;
    const isInMetabox = folded % 2;
    const node = (folded - isInMetabox) / 2;
    return isInMetabox === 0 ? node : METABOX_NID + node;
  }
}

/** st_ino: no two nodes of all layers have the same, and none has 0, which readers of directories take for no entry. */
export function shownInode(id: NodeId): number {
  return id + 1;
}
