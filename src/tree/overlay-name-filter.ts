/**
 * In which member a directory's names stand first, by their hashes, 12 to 24 bytes a name: what stands in none above need not
 * be looked up in each of hundreds of layers. They are kept, within a budget: who lists a directory comes back for the rest of it soon.
 */
import type { Members } from './overlay-directories.js';
import type { OverlayLayers } from './overlay-layers.js';
import type { NodeId } from './tree.js';

export class OverlayNameFilters {
  readonly #layers: OverlayLayers;
  /** the one made last stands last */
  readonly #kept = new Map<NodeId, NameFilter>();
  readonly #room: number;

  /** `room`: bytes of all filters. */
  constructor(layers: OverlayLayers, room: number) {
    this.#layers = layers;
    this.#room = room;
  }

  /** The names of the first `count` members of a directory, and perhaps of more. Throws as the layers do. */
  of(directory: NodeId, members: Members, count: number): NameFilter {
    let filter = this.#kept.get(directory);
    if (filter === undefined) {
      filter = new NameFilter(this.#room);
      this.#kept.set(directory, filter);
    }
    while (filter.members < count) {
      this.#addNames(filter, members[filter.members]!);
      filter.members++;
    }
    this.#forgetOldest(filter);
    return filter;
  }

  #forgetOldest(newest: NameFilter): void {
    let bytes = 0;
    for (const filter of this.#kept.values()) bytes += filter.bytes;
    for (const [directory, filter] of this.#kept) {
      if (bytes <= this.#room || filter === newest) return;
      this.#kept.delete(directory);
      bytes -= filter.bytes;
    }
  }

  #addNames(filter: NameFilter, member: NodeId): void {
    this.#layers.tree(member).readdir(this.#layers.ids.node(member), 0, ({ name }) => {
      filter.add(name);
      return !filter.isFull;
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
  readonly #room: number;
  /** it has more names than there is room for, and is of no use */
  isFull = false;

  /** `room` in bytes; where its names want more, any name may be one of them. */
  constructor(room: number) {
    this.#room = room;
  }

  get bytes(): number {
    return this.#hashes.byteLength + this.#first.byteLength;
  }

  add(name: Uint8Array): void {
    if (this.isFull) return;
    if (this.#count * 2 >= this.#hashes.length) {
      this.isFull = this.bytes * 2 > this.#room;
      if (this.isFull) {
        this.#hashes = new Int32Array(0);
        this.#first = new Uint16Array(0);
        return;
      }
      this.#grow();
    }
    this.#put(hashOf(name), this.members);
  }

  /** False where none of the first `count` members has the name; true where one may have it. */
  mayHave(name: Uint8Array, count: number): boolean {
    if (this.isFull) return true;
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
