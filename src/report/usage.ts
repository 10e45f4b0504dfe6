/**
 * What files take of an image, as du(1) asks it of a disk.
 *
 * LAW: every byte of the image counts for one file only, the first that is met: pclusters and chunks that files share, fragments,
 * and hard links. So the sums of all files are never more than the image.
 */

import type { Inode } from '../erofs-reader/inode.js';
import { isType } from '../erofs-reader/inode.js';
import { COMPACT_INODE_SIZE, EXTENDED_INODE_SIZE, S_IFLNK, S_IFREG } from '../erofs-reader/layout.js';
import { planRead } from '../erofs-reader/plan.js';
import type { OpenedImage, OpenedLayer } from '../open.js';
import type { NodeId } from '../tree/tree.js';
import { hasData, type StoredExtent, storedExtentsOf } from './extents.js';
import { Intervals } from './intervals.js';

/** Bytes. */
export interface Usage {
  /** blocks and pclusters of data on the image and its devices */
  data: number;
  /** the inode, attributes of its own, and data that lies behind it; not its index, nor attributes that inodes share */
  metadata: number;
  /** the size that programs see of files and links; directories have none */
  plain: number;
}

export const noUsage = (): Usage => ({ data: 0, metadata: 0, plain: 0 });

export function addUsage(sum: Usage, { data, metadata, plain }: Usage): void {
  sum.data += data;
  sum.metadata += metadata;
  sum.plain += plain;
}

export class UsageCounter {
  readonly #opened: OpenedImage;
  /** by layer and device */
  readonly #met = new Map<OpenedLayer, Intervals[]>();
  readonly #counted = new Set<NodeId>();

  constructor(opened: OpenedImage) {
    this.#opened = opened;
  }

  /** What one inode adds; nothing where it was counted before. Rejects as reading its index does. */
  async count(node: NodeId): Promise<Usage> {
    const usage = noUsage();
    if (this.#counted.has(node)) return usage;
    this.#counted.add(node);
    const { layer, node: own } = this.#opened.origin(node);
    const inode = await layer.run(() => layer.image.inode(own));
    const { inMetabox, xattrOffset, end, extended } = inode;
    const start = xattrOffset - (extended ? EXTENDED_INODE_SIZE : COMPACT_INODE_SIZE);
    usage.metadata += await this.#metadata(layer, inMetabox, start, end - start);
    if (isType(inode, S_IFREG) || isType(inode, S_IFLNK)) usage.plain = inode.size;
    if (hasData(inode)) await this.#addData(layer, inode, usage);
    return usage;
  }

  async #addData(layer: OpenedLayer, inode: Inode, usage: Usage): Promise<void> {
    for await (const extents of storedExtentsOf(layer, inode)) {
      for (const extent of extents) {
        if (extent.kind === 'inline') {
          usage.metadata += await this.#metadata(layer, extent.inMetabox, extent.offset, extent.length);
        } else if (extent.kind === 'coded' && extent.device === undefined) {
          usage.metadata += await this.#metadata(
            layer,
            extent.inMetabox,
            extent.offset,
            extent.encodedLength,
          );
        } else {
          usage.data += this.#data(layer, extent);
        }
      }
    }
  }

  /** Of a metabox, which is compressed itself, the pclusters that hold the bytes. */
  async #metadata(layer: OpenedLayer, inMetabox: boolean, offset: number, length: number): Promise<number> {
    if (!inMetabox) return this.#intervals(layer, 0).add(offset, offset + length);
    const { image } = layer;
    const segments = await layer.run(() => planRead(image, image.metabox(), offset, length));
    return segments.reduce((sum, { extent }) => sum + this.#data(layer, extent), 0);
  }

  #data(layer: OpenedLayer, extent: StoredExtent): number {
    if (extent.kind === 'coded') {
      const { device = 0, offset, encodedLength } = extent;
      return this.#intervals(layer, device).add(offset, offset + encodedLength);
    }
    if (extent.kind === 'inline') {
      return this.#intervals(layer, 0).add(extent.offset, extent.offset + extent.length);
    }
    if (extent.kind === 'hole') return 0;
    const { blockSize } = layer.image.geometry;
    const start = Math.floor(extent.offset / blockSize) * blockSize;
    const end = Math.ceil((extent.offset + extent.length) / blockSize) * blockSize;
    return this.#intervals(layer, extent.device).add(start, end);
  }

  #intervals(layer: OpenedLayer, device: number): Intervals {
    const devices = this.#met.get(layer) ?? [];
    this.#met.set(layer, devices);
    devices[device] ??= new Intervals();
    return devices[device];
  }
}
