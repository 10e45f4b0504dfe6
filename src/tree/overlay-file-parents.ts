/**
 * Which directory has a file, for all files of one layer: found out once, by a walk of its directories that goes on where a
 * Miss ended it. About 40 bytes a file.
 */
import { isDots, type OverlayLayers } from './overlay-layers.js';
import { Misses } from './overlay-misses.js';
import { FileType, type NodeId } from './tree.js';

export class FileParents {
  readonly #layers: OverlayLayers;
  readonly #layer: number;
  /** the first directory met counts for a file with several names */
  readonly #parents = new Map<NodeId, NodeId>();
  readonly #met: Set<NodeId>;
  #unlisted: NodeId[];

  constructor(layers: OverlayLayers, layer: number) {
    const root = layers.roots.at(-1 - layer)!;
    this.#layers = layers;
    this.#layer = layer;
    this.#met = new Set([root]);
    this.#unlisted = [root];
  }

  of(file: NodeId): NodeId | undefined {
    while (this.#unlisted.length > 0) this.#descend();
    return this.#parents.get(file);
  }

  /** Lists one level of the tree. What is missed on it is missed together. */
  #descend(): void {
    const level = this.#unlisted;
    const below: NodeId[] = [];
    const missed: NodeId[] = [];
    let misses: Misses | undefined;
    for (const directory of level) {
      try {
        this.#list(directory, below);
      } catch (thrown) {
        if (thrown instanceof Error) continue; // its files cannot be reached by name either
        misses ??= new Misses();
        misses.add(thrown);
        missed.push(directory);
      }
    }
    this.#unlisted = [...missed, ...below];
    misses?.raise();
  }

  #list(directory: NodeId, below: NodeId[]): void {
    const { ids } = this.#layers;
    const found: NodeId[] = [];
    this.#layers.tree(directory).readdir(ids.node(directory), 0, ({ name, node, type }) => {
      const id = ids.id(this.#layer, node);
      if (isDots(name)) return true;
      const maybeAnything = type === FileType.unknown;
      if ((type === FileType.regular || maybeAnything) && !this.#parents.has(id))
        this.#parents.set(id, directory);
      if (type === FileType.directory || maybeAnything) found.push(id);
      return true;
    });
    for (const id of found) {
      if (this.#met.has(id)) continue;
      this.#met.add(id);
      below.push(id);
    }
  }
}
