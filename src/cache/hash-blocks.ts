/**
 * The hash blocks of one tree that are in memory, all of them verified.
 *
 * LAW: a block is kept only after it matched the digest in its parent, and is private memory from the moment it was
 * checked. Levels above the leaf have a part of the memory of their own, so that leaves do not push them out.
 * A block that several operations want at once is fetched once and hashed once.
 */
import type { Verifier } from '../verity/verifier.js';
import { HashMemory } from './hash-memory.js';
import type { Source } from './source.js';

/** Leaf blocks fetched together where fetching takes long: at 4 KiB blocks they cover 8 MiB of data. */
const FETCHED_LEAF_BYTES = 64 << 10;

export class HashBlocks {
  readonly #source: Source;
  readonly #treeStart: number;
  readonly #verifier: Verifier;
  readonly #memory: HashMemory;
  /** what the tree's first block is called in the memory */
  readonly #first: number;
  readonly #running = new Map<number, Promise<Uint8Array>>();
  /** The leaf used last: neighbouring data blocks share one, and asking the LRU costs more than comparing a digest. */
  #lastLeaf: Uint8Array | undefined;
  #lastNumber = -1;

  /** The tree starts at byte `treeStart` of `source`; `memory`: bytes of its own, or what it shares with other trees. */
  constructor(source: Source, treeStart: number, verifier: Verifier, memory: number | HashMemory) {
    this.#source = source;
    this.#treeStart = treeStart;
    this.#verifier = verifier;
    this.#memory = typeof memory === 'number' ? new HashMemory(memory) : memory;
    this.#first = this.#memory.firstOfTree();
  }

  /**
   * The verified leaf block above a data block, read now where it is not in memory; undefined in a tree without levels, and
   * false where the source does not have what that takes. The source can be read synchronously. Throws IntegrityError,
   * and as the source does.
   */
  leafSync(dataBlock: number): Uint8Array | undefined | false {
    const { shape } = this.#verifier;
    if (shape.levels === 0) return undefined;
    const number = shape.hashBlock(0, dataBlock);
    if (number !== this.#lastNumber) {
      const leaf = this.#nodeSync(0, dataBlock);
      if (leaf === false) return false;
      this.#lastLeaf = leaf;
      this.#lastNumber = number;
    }
    return this.#lastLeaf;
  }

  /** The verified leaf block above a data block where it is in memory; undefined, too, in a tree without levels. */
  keptLeaf(dataBlock: number): Uint8Array | undefined {
    const { shape } = this.#verifier;
    return shape.levels === 0 ? undefined : this.#kept(0, shape.hashBlock(0, dataBlock));
  }

  /** Whether leafSync would give the leaf above a data block: it is in memory, or it and all that is missing above it are here. */
  isHere(dataBlock: number): boolean {
    const { shape } = this.#verifier;
    for (let level = 0; level < shape.levels; level++) {
      const number = shape.hashBlock(level, dataBlock);
      if (this.#kept(level, number) !== undefined) return true;
      if (this.#source.isHere?.(this.#offsetOf(number), shape.hashBlockSize) === false) return false;
    }
    return true;
  }

  /**
   * The verified leaf blocks above data blocks, by number of the leaf; none in a tree without levels. Fetches what is not
   * here at once, with all that lies above. Rejects with IntegrityError, and as the source does.
   */
  async leaves(dataBlocks: Iterable<number>): Promise<Map<number, Uint8Array>> {
    const { shape } = this.#verifier;
    const leaves = new Map<number, Uint8Array>();
    if (shape.levels === 0) return leaves;
    const wanted = new Map<number, number>();
    for (const dataBlock of dataBlocks) wanted.set(shape.hashBlock(0, dataBlock), dataBlock);
    this.#fetchMissing(wanted);
    await Promise.all(
      [...wanted].map(async ([number]) => {
        leaves.set(number, this.#kept(0, number) ?? (await this.#running.get(number)!));
      }),
    );
    return leaves;
  }

  clear(): void {
    this.#memory.upper.clear();
    this.#memory.leaves.clear();
    this.#lastLeaf = undefined;
    this.#lastNumber = -1;
  }

  #nodeSync(level: number, dataBlock: number): Uint8Array | undefined | false {
    const { shape } = this.#verifier;
    if (level === shape.levels) return undefined;
    const number = shape.hashBlock(level, dataBlock);
    const kept = this.#kept(level, number);
    if (kept !== undefined) return kept;
    const parent = this.#nodeSync(level + 1, dataBlock);
    if (parent === false) return false;
    const node = new Uint8Array(shape.hashBlockSize);
    const offset = this.#offsetOf(number);
    if (!this.#source.readSync!(node, offset)) return false;
    if (!this.#verifier.nodeMatches(level, dataBlock, node, parent)) {
      // what was kept wrongly is not kept at all: leaves() gets it again
      if (this.#source.discard !== undefined) return false;
      if (!this.#source.readSync!(node, offset)) return false;
      this.#requireMatch(level, dataBlock, node, parent);
    }
    this.#keep(level, number, node);
    return node;
  }

  /** Starts one read for all blocks that are neither here nor on their way; `wanted`: leaf number to a data block. */
  #fetchMissing(wanted: ReadonlyMap<number, number>): void {
    const missing = this.#missing(wanted);
    if (missing.length === 0) return;
    const { hashBlockSize } = this.#verifier.shape;
    const fetched = this.#source.read(
      missing.map(({ number }) => ({ offset: this.#offsetOf(number), length: hashBlockSize })),
    );
    for (const [i, { level, dataBlock, number }] of missing.entries()) {
      const parent = this.#parentOf(level, dataBlock);
      const running = this.#verified(
        level,
        dataBlock,
        fetched.then((nodes) => nodes[i]!),
        parent,
      ).finally(() => this.#running.delete(number));
      // a block fetched beside the wanted ones may fail without anybody waiting for it; who wants it asks again
      running.catch(() => {});
      this.#running.set(number, running);
    }
  }

  /** Highest level first, so that a parent is on its way before its children. */
  #missing(wanted: ReadonlyMap<number, number>): Missing[] {
    const { shape } = this.#verifier;
    const missing = new Map<number, Missing>();
    const note = (level: number, dataBlock: number): boolean => {
      const number = shape.hashBlock(level, dataBlock);
      if (this.#running.has(number) || this.#kept(level, number) !== undefined) return false;
      missing.set(number, { level, dataBlock, number });
      return true;
    };
    for (const [number, dataBlock] of wanted) {
      if (missing.has(number) || !note(0, dataBlock)) continue;
      for (const neighbour of this.#fetchedWith(dataBlock)) {
        note(0, neighbour);
        for (let level = 1; level < shape.levels; level++) note(level, neighbour);
      }
    }
    return [...missing.values()].sort((a, b) => a.number - b.number);
  }

  /** A data block of each leaf that is fetched with the one above `dataBlock`, that one included. */
  *#fetchedWith(dataBlock: number): Generator<number> {
    const { shape } = this.#verifier;
    const perLeaf = shape.coverage(0);
    const window = perLeaf * Math.max(1, Math.floor(FETCHED_LEAF_BYTES / shape.hashBlockSize));
    const first = Math.floor(dataBlock / window) * window;
    for (let block = first; block < Math.min(first + window, shape.dataBlocks); block += perLeaf) yield block;
  }

  #parentOf(level: number, dataBlock: number): Uint8Array | Promise<Uint8Array> | undefined {
    const { shape } = this.#verifier;
    if (level + 1 === shape.levels) return undefined;
    const number = shape.hashBlock(level + 1, dataBlock);
    return this.#kept(level + 1, number) ?? this.#running.get(number)!;
  }

  async #verified(
    level: number,
    dataBlock: number,
    fetching: Promise<Uint8Array>,
    parentComing: Uint8Array | Promise<Uint8Array> | undefined,
  ): Promise<Uint8Array> {
    const [parent, fetched] = await Promise.all([parentComing, fetching]);
    const number = this.#verifier.shape.hashBlock(level, dataBlock);
    // a copy, which slice() of a Buffer is not: what the source gave may be a part of something larger, or not stay
    let node = new Uint8Array(fetched);
    if (!this.#verifier.nodeMatches(level, dataBlock, node, parent)) {
      const range = { offset: this.#offsetOf(number), length: node.length };
      this.#source.discard?.(range.offset, range.length);
      node = new Uint8Array((await this.#source.read([range]))[0]!);
      this.#requireMatch(level, dataBlock, node, parent);
    }
    this.#keep(level, number, node);
    return node;
  }

  #requireMatch(level: number, dataBlock: number, node: Uint8Array, parent: Uint8Array | undefined): void {
    if (this.#verifier.nodeMatches(level, dataBlock, node, parent)) return;
    throw this.#verifier.nodeError(this.#source.name, level, dataBlock, node, parent);
  }

  #kept(level: number, number: number): Uint8Array | undefined {
    return this.#level(level).get(this.#first + number);
  }

  #keep(level: number, number: number, node: Uint8Array): void {
    this.#level(level).set(this.#first + number, node);
  }

  #level(level: number): HashMemory['leaves'] {
    return level === 0 ? this.#memory.leaves : this.#memory.upper;
  }

  #offsetOf(number: number): number {
    return this.#treeStart + number * this.#verifier.shape.hashBlockSize;
  }
}

interface Missing {
  readonly level: number;
  readonly dataBlock: number;
  readonly number: number;
}
