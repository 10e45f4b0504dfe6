/**
 * In which member a directory's names stand first, by their hashes, 12 to 24 bytes a name: what stands in none above need not
 * be looked up in each of hundreds of layers.
 */
import type { Members } from './overlay-directories.js';
import type { OverlayLayers } from './overlay-layers.js';
import type { NodeId } from './tree.js';

/** Directories whose names are kept; who lists one comes back for the rest of it soon. */
const DIRECTORIES_KEPT = 8;

export class OverlayNameFilters {
  readonly #layers: OverlayLayers;
  /** the one made last stands last */
  readonly #kept = new Map<NodeId, NameFilter>();

  constructor(layers: OverlayLayers) {
    this.#layers = layers;
  }

  /** The names of the first `count` members of a directory, and perhaps of more. Throws as the layers do. */
  of(directory: NodeId, members: Members, count: number): NameFilter {
    let filter = this.#kept.get(directory);
    if (filter === undefined) {
      filter = new NameFilter();
      const [oldest] = this.#kept.keys();
      if (this.#kept.size >= DIRECTORIES_KEPT) this.#kept.delete(oldest!);
      this.#kept.set(directory, filter);
    }
    while (filter.members < count) {
      this.#addNames(filter, members[filter.members]!);
      filter.members++;
    }
    return filter;
  }

  #addNames(filter: NameFilter, member: NodeId): void {
    this.#layers.tree(member).readdir(this.#layers.ids.node(member), 0, ({ name }) => {
      filter.add(name);
      return true;
    });
  }
}

const SMALLEST = 1024;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export class NameFilter {
  /** members whose names it has, from the uppermost on; those that are added are of the next */
  members = 0;
  /** open addressing, at most half full; 0 is free */
  #hashes = new Int32Array(SMALLEST);
  #first = new Uint16Array(SMALLEST);
  #count = 0;

  add(name: Uint8Array): void {
    if (this.#count * 2 >= this.#hashes.length) this.#grow();
    this.#put(hashOf(name), this.members);
  }

  /** False where none of the first `count` members has the name; true where one may have it. */
  mayHave(name: Uint8Array, count: number): boolean {
    const hash = hashOf(name);
    const slot = this.#slotOf(hash);
    return this.#hashes[slot] === hash && this.#first[slot]! < count;
  }

  #put(hash: number, member: number): void {
    const slot = this.#slotOf(hash);
    if (this.#hashes[slot] === hash) return;
    this.#hashes[slot] = hash;
    this.#first[slot] = member;
    this.#count++;
  }

  /** Where the hash is, or is to be put. */
  #slotOf(hash: number): number {
    const mask = this.#hashes.length - 1;
    let slot = hash & mask;
    while (this.#hashes[slot] !== 0 && this.#hashes[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const hashes = this.#hashes;
    const first = this.#first;
    this.#hashes = new Int32Array(hashes.length * 2);
    this.#first = new Uint16Array(hashes.length * 2);
    this.#count = 0;
    for (let slot = 0; slot < hashes.length; slot++) {
      if (hashes[slot] !== 0) this.#put(hashes[slot]!, first[slot]!);
    }
  }
}

/** FNV-1a with its bits mixed, and never 0. */
function hashOf(name: Uint8Array): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name[i]!, FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash ^= hash >>> 13;
  return hash === 0 ? 1 : hash;
}
