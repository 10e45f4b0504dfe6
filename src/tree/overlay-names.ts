/**
 * The way back, from a node to its name: images lead from names to nodes only.
 *
 * It is gone where a node is known by its id alone, in another thread than the one that looked it up. What it takes is one
 * listing of a directory, or for files one of a whole layer, kept because the next question is about a neighbour.
 */
import { FileParents, ParentMemory } from './overlay-file-parents.js';
import type { OverlayLayers } from './overlay-layers.js';
import { FileType, isSelfOrParent, type NodeId } from './tree.js';

/** Bytes of a name that is kept, with what finds it. */
const NAME_SIZE = 160;

/** What is remembered, in bytes. */
export interface NameRooms {
  /** names of directories */
  readonly names: number;
  /** which directory has a file */
  readonly parents: number;
}

const DOT_DOT = Uint8Array.of(0x2e, 0x2e);

export class OverlayNames {
  readonly #layers: OverlayLayers;
  /** by directory: the names of the directories in it; the one listed last stands last */
  readonly #listed = new Map<NodeId, ReadonlyMap<NodeId, Uint8Array>>();
  #kept = 0;
  /** by layer */
  readonly #files: FileParents[] = [];
  readonly #most: number;
  readonly #parents: ParentMemory;

  constructor(layers: OverlayLayers, { names, parents }: NameRooms) {
    this.#layers = layers;
    this.#most = Math.floor(names / NAME_SIZE);
    this.#parents = new ParentMemory(parents);
  }

  /** The directory above one that is no root, in the same layer. Throws 'corrupt'. */
  parentOf(directory: NodeId): NodeId {
    const parent = this.#layers.child(directory, DOT_DOT);
    if (parent === undefined) throw this.#layers.corrupt(directory, 'a directory without ".."');
    return parent;
  }

  /** The name of a directory in the one above it. Throws 'corrupt'. */
  nameOf(directory: NodeId, parent: NodeId): Uint8Array {
    const name = this.#listed.get(parent)?.get(directory) ?? this.#find(directory, parent);
    if (name !== undefined) return name;
    throw this.#layers.corrupt(directory, `".." leads to ${this.#layers.describe(parent)}, which lacks it`);
  }

  /** A directory that has a file, in the file's layer, and its name there. Throws 'corrupt'. */
  placeOf(file: NodeId): { readonly parent: NodeId; readonly name: Uint8Array } {
    const layer = this.#layers.ids.layer(file);
    this.#files[layer] ??= new FileParents(this.#layers, layer, this.#parents);
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

  /** Lists `parent`; its names are kept unless there are more than may be. */
  #find(wanted: NodeId, parent: NodeId): Uint8Array | undefined {
    let names: Map<NodeId, Uint8Array> | undefined = new Map();
    let found: Uint8Array | undefined;
    this.#eachEntry(parent, (name, id, type) => {
      if ((type !== FileType.directory && type !== FileType.unknown) || isSelfOrParent(name)) return true;
      if (id === wanted) found = name.slice();
      if (names !== undefined && names.size === this.#most) names = undefined;
      names?.set(id, name.slice());
      return names !== undefined || found === undefined;
    });
    if (names !== undefined) this.#keep(parent, names);
    return found;
  }

  #keep(directory: NodeId, names: ReadonlyMap<NodeId, Uint8Array>): void {
    for (const [oldest, { size }] of this.#listed) {
      if (this.#kept + names.size <= this.#most) break;
      this.#listed.delete(oldest);
      this.#kept -= size;
    }
    this.#kept += names.size - (this.#listed.get(directory)?.size ?? 0);
    this.#listed.set(directory, names);
  }

  #eachEntry(directory: NodeId, visit: (name: Uint8Array, id: NodeId, type: FileType) => boolean): void {
    const { ids } = this.#layers;
    const layer = ids.layer(directory);
    this.#layers
      .tree(directory)
      .readdir(ids.node(directory), 0, ({ name, node, type }) => visit(name, ids.id(layer, node), type));
  }
}
