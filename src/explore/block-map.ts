/**
 * What lies where in one layer's image and its devices, found by one walk over its inodes. It grows while that goes on, and begins when
 * somebody asks.
 */
import { startAt, walk } from '../commands/walk.js';
import type { Inode } from '../erofs-reader/inode.js';
import type { OpenedLayer } from '../open.js';
import { extentsOf, hasData } from '../report/extents.js';
import { superblockStructures } from '../report/superblock-fields.js';
import { BlockCells } from './block-cells.js';
import { dataRange, type InodeRange, metadataRanges } from './inode-ranges.js';
import type { BlockKind, ShownBlocks } from './shapes.js';
import { ProblemList } from './shown-problem.js';
import { Turns } from './turns.js';

export class BlockMap {
  readonly devices: readonly BlockCells[];
  readonly #layer: OpenedLayer;
  readonly #signal: AbortSignal;
  readonly #problems = new ProblemList();
  readonly #met = new Set<number>();
  readonly #turns = new Turns();
  #walk: Promise<void> | undefined;
  #isComplete = false;

  /** `signal` ends the walk. */
  constructor(layer: OpenedLayer, signal: AbortSignal) {
    this.#layer = layer;
    this.#signal = signal;
    this.devices = layer.image.bytes.sizes.map((size) => new BlockCells(size));
  }

  /** Settles when all was looked at, or the signal ended it; never rejects. */
  draw(): Promise<void> {
    this.#walk ??= this.#draw();
    return this.#walk;
  }

  /** Settles when nothing is being looked at. */
  async settled(): Promise<void> {
    await this.#walk;
  }

  /** As it stands now. */
  shown(device: BlockCells): ShownBlocks {
    return {
      size: device.size,
      cell_size: device.cellSize,
      complete: this.#isComplete,
      inodes_counted: this.#met.size,
      problem_count: this.#problems.count,
      problems: this.#problems.shown,
      kinds: device.kinds(),
    };
  }

  async #draw(): Promise<void> {
    const layer = this.#layer;
    const { packedNid, metaboxNid } = layer.image.geometry;
    try {
      await this.#part(undefined, () => this.#addSuperblock());
      if (packedNid !== undefined) await this.#part(undefined, () => this.#addInode(packedNid, 'packed'));
      if (metaboxNid !== undefined) await this.#part(undefined, () => this.#addInode(metaboxNid, 'metabox'));
      await walk(layer, await startAt(layer, layer.tree.root), {
        entry: async ({ node, path }) => {
          this.#signal.throwIfAborted();
          await this.#part(path, () => this.#addInode(node, undefined));
          await this.#turns.step();
          return true;
        },
        problem: (path, error) => this.#problems.add(path, error),
      });
    } catch (error) {
      if (!this.#signal.aborted) this.#problems.add(undefined, error);
    }
    this.#isComplete = true;
  }

  /** What fails is a problem of `path`; the rest goes on. */
  async #part(path: Uint8Array | undefined, draw: () => Promise<void>): Promise<void> {
    try {
      await draw();
    } catch (error) {
      if (this.#signal.aborted) throw error;
      this.#problems.add(path, error);
    }
  }

  async #addSuperblock(): Promise<void> {
    const { image } = this.#layer;
    const { blocks, blockSize } = image.geometry;
    const cells = this.devices[0]!;
    cells.add('outside', blocks * blockSize, cells.size);
    for (const { offset, fields } of await this.#layer.run(() => superblockStructures(image))) {
      const end = fields.reduce((end, field) => Math.max(end, field.offset + field.size), offset);
      cells.add('superblock', offset, end);
    }
  }

  async #addInode(nid: number, own: BlockKind | undefined): Promise<void> {
    if (this.#met.has(nid)) return;
    this.#met.add(nid);
    const layer = this.#layer;
    const { image } = layer;
    const inode: Inode = await layer.run(() => image.inode(nid));
    for (const range of await layer.run(() => metadataRanges(image, inode))) this.#add(range);
    if (!hasData(inode)) return;
    for await (const extents of extentsOf(layer, inode)) {
      for (const extent of extents) this.#add(dataRange(image, inode, extent, own));
      await this.#turns.step();
    }
  }

  #add(range: InodeRange | undefined): void {
    if (range !== undefined) this.devices[range.device]?.add(range.kind, range.start, range.end);
  }
}
