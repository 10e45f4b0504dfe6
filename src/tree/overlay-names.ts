/**
 * The way back, from a node to its name: images lead from names to nodes only.
 *
 * It is gone where a node is known by its id alone, in another thread than the one that looked it up. What it takes is one
 * listing of a directory, or for files one of a whole layer, kept because the next question is about a neighbour.
 */
import { FileParents } from './overlay-file-parents.js';
import { isDots, type OverlayLayers } from './overlay-layers.js';
import { FileType, type NodeId } from './tree.js';

/** Names of directories that are kept at a time, those of the last one listed aside: about 10 MiB. */
const NAMES_KEPT = 65_536;

const DOT_DOT = Uint8Array.of(0x2e, 0x2e);

export class OverlayNames {
  readonly #layers: OverlayLayers;
  /** by directory: the names of the directories in it; the one listed last stands last */
  readonly #listed = new Map<NodeId, ReadonlyMap<NodeId, Uint8Array>>();
  #kept = 0;
  /** by layer */
  readonly #files: FileParents[] = [];

  constructor(layers: OverlayLayers) {
    this.#layers = layers;
  }

  /** The directory above one that is no root, in the same layer. Throws 'corrupt'. */
  parentOf(directory: NodeId): NodeId {
    const parent = this.#layers.child(directory, DOT_DOT);
    if (parent === undefined) throw this.#layers.corrupt(directory, 'a directory without ".."');
    return parent;
  }

  /** The name of a directory in the one above it. Throws 'corrupt'. */
  nameOf(directory: NodeId, parent: NodeId): Uint8Array {
    let names = this.#listed.get(parent);
    if (names === undefined) {
      names = this.#list(parent);
      this.#keep(parent, names);
    }
    const name = names.get(directory);
    if (name !== undefined) return name;
    throw this.#layers.corrupt(directory, `".." leads to ${this.#layers.describe(parent)}, which lacks it`);
  }

  /** A directory that has a file, in the file's layer, and its name there. Throws 'corrupt'. */
  placeOf(file: NodeId): { readonly parent: NodeId; readonly name: Uint8Array } {
    const layer = this.#layers.ids.layer(file);
    this.#files[layer] ??= new FileParents(this.#layers, layer);
    const parent = this.#files[layer].of(file);
    let name: Uint8Array | undefined;
    if (parent !== undefined) {
      this.#eachEntry(parent, (entry, id) => {
        if (id === file) name = entry.slice();
        return name === undefined;
      });
    }
    if (parent === undefined || name === undefined) {
      throw this.#layers.corrupt(file, 'a file that no directory of its layer has');
    }
    return { parent, name };
  }

  #list(directory: NodeId): Map<NodeId, Uint8Array> {
    const names = new Map<NodeId, Uint8Array>();
    this.#eachEntry(directory, (name, id, type) => {
      if ((type === FileType.directory || type === FileType.unknown) && !isDots(name)) {
        names.set(id, name.slice());
      }
      return true;
    });
    return names;
  }

  #keep(directory: NodeId, names: ReadonlyMap<NodeId, Uint8Array>): void {
    for (const [oldest, { size }] of this.#listed) {
      if (this.#kept + names.size <= NAMES_KEPT) break;
      this.#listed.delete(oldest);
      this.#kept -= size;
    }
    this.#listed.set(directory, names);
    this.#kept += names.size;
  }

  #eachEntry(directory: NodeId, visit: (name: Uint8Array, id: NodeId, type: FileType) => boolean): void {
    const { ids } = this.#layers;
    const layer = ids.layer(directory);
    this.#layers
      .tree(directory)
      .readdir(ids.node(directory), 0, ({ name, node, type }) => visit(name, ids.id(layer, node), type));
  }
}
