/**
 * Which directory has a file, for the files of one layer: found out by a walk of its directories that goes on where a Miss ended it,
 * or the file was found. What was forgotten of it is walked for again.
 */
import type { OverlayLayers } from './overlay-layers.js';
import { Misses } from './overlay-misses.js';
import { FileType, isSelfOrParent, type NodeId } from './tree.js';

/** Bytes of a file in a Map. */
const FILE_SIZE = 40;

/** Directories by file, of all layers together; the file met longest ago is forgotten first. */
export class ParentMemory {
  readonly #parents = new Map<NodeId, NodeId>();
  readonly #most: number;
  /** files that were forgotten so far */
  forgotten = 0;

  /** `room` in bytes. */
  constructor(room: number) {
    this.#most = Math.max(1, Math.floor(room / FILE_SIZE));
  }

  get(file: NodeId): NodeId | undefined {
    return this.#parents.get(file);
  }

  /** The first directory met counts for a file with several names. */
  add(file: NodeId, directory: NodeId): void {
    if (this.#parents.has(file)) return;
    this.#parents.set(file, directory);
    if (this.#parents.size <= this.#most) return;
    const [oldest] = this.#parents.keys();
    this.#parents.delete(oldest!);
    this.forgotten++;
  }
}

interface Walk {
  readonly met: Set<NodeId>;
  unlisted: NodeId[];
  /** ParentMemory.forgotten when it began */
  readonly began: number;
}

export class FileParents {
  readonly #layers: OverlayLayers;
  readonly #layer: number;
  readonly #memory: ParentMemory;
  #walk: Walk | undefined;
  /** ParentMemory.forgotten when the last walk that came to its end began: where it is the same, nothing need be walked for */
  #walked = -1;
  #wanted: NodeId = -1;
  #found: NodeId | undefined;

  constructor(layers: OverlayLayers, layer: number, memory: ParentMemory) {
    this.#layers = layers;
    this.#layer = layer;
    this.#memory = memory;
  }

  of(file: NodeId): NodeId | undefined {
    const known = this.#memory.get(file);
    if (known !== undefined) return known;
    this.#wanted = file;
    this.#found = undefined;
    const isResumed = this.#walk !== undefined;
    this.#goOn();
    // a walk that was begun for another file may have been here, and it was forgotten
    if (isResumed && this.#found === undefined) this.#goOn();
    return this.#found;
  }

  #goOn(): void {
    if (this.#walk === undefined) {
      if (this.#walked === this.#memory.forgotten) return;
      const root = this.#layers.roots.at(-1 - this.#layer)!;
      this.#walk = { met: new Set([root]), unlisted: [root], began: this.#memory.forgotten };
    }
    while (this.#walk.unlisted.length > 0) {
      this.#descend(this.#walk);
      if (this.#found !== undefined) return;
    }
    this.#walked = this.#walk.began;
    this.#walk = undefined;
  }

  /** Lists one level of the tree. What is missed on it is missed together. */
  #descend(walk: Walk): void {
    const level = walk.unlisted;
    const below: NodeId[] = [];
    const missed: NodeId[] = [];
    let misses: Misses | undefined;
    for (const directory of level) {
      try {
        this.#list(directory, below, walk.met);
      } catch (thrown) {
        if (thrown instanceof Error) continue; // its files cannot be reached by name either
        misses ??= new Misses();
        misses.add(thrown);
        missed.push(directory);
      }
    }
    walk.unlisted = [...missed, ...below];
    if (this.#found === undefined) misses?.raise();
  }

  #list(directory: NodeId, below: NodeId[], met: Set<NodeId>): void {
    const { ids } = this.#layers;
    const found: NodeId[] = [];
    this.#layers.tree(directory).readdir(ids.node(directory), 0, ({ name, node, type }) => {
      const id = ids.id(this.#layer, node);
      if (isSelfOrParent(name)) return true;
      const maybeAnything = type === FileType.unknown;
      if (type === FileType.regular || maybeAnything) {
        this.#memory.add(id, directory);
        if (id === this.#wanted) this.#found ??= directory;
      }
      if (type === FileType.directory || maybeAnything) found.push(id);
      return true;
    });
    for (const id of found) {
      if (met.has(id)) continue;
      met.add(id);
      below.push(id);
    }
  }
}
