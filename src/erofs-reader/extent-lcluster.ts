/** From an lcluster index to extents: back to the head, forward to the next one (erofs-format §10.2, §10.6, §10.7). */
import { hex, nidName, u48 } from './bytes.js';
import { corrupt, type ErofsError } from './errors.js';
import type { Extent, ExtentMapper } from './extent.js';
import { checkCoded, plainExtent } from './extent-checks.js';
import type { ErofsImage } from './image.js';
import type { Inode } from './inode.js';
import { Layout, Lcluster, PCLUSTER_MAX_DECODED_SIZE, PCLUSTER_MAX_SIZE, Z_ADVISE } from './layout.js';
import { CompactIndex } from './lcluster-compact.js';
import { FullIndex } from './lcluster-full.js';
import type { LclusterIndex } from './lcluster-index.js';
import type { MapHeader } from './map-header.js';

export class LclusterMapper implements ExtentMapper {
  readonly #image: ErofsImage;
  readonly #inode: Inode;
  readonly #header: MapHeader;
  readonly #index: LclusterIndex;
  /** bytes */
  readonly lclusterSize: number;
  /** an extent that is as long, in lclusters, is too long */
  readonly #tooLong: number;

  constructor(image: ErofsImage, inode: Inode, header: MapHeader) {
    this.#image = image;
    this.#inode = inode;
    this.#header = header;
    this.lclusterSize = header.lclusterSize;
    this.#index =
      inode.layout === Layout.COMPRESSED_FULL
        ? new FullIndex(image, inode, header)
        : new CompactIndex(image, inode, header);
    // An index may be as long as the image; only fragments are not bounded by what a pcluster decodes to.
    const isBounded = (header.advise & Z_ADVISE.FRAGMENT_PCLUSTER) === 0;
    this.#tooLong = isBounded ? Math.floor(PCLUSTER_MAX_DECODED_SIZE / header.lclusterSize) + 2 : Infinity;
  }

  map(position: number): Extent {
    const index = this.#index;
    const head = this.#findHead(position);
    const { type, block, partial } = index;
    const start = head * this.#header.lclusterSize + index.clusterofs;
    const end = this.#findEnd(head);
    if (position >= end) {
      throw this.#corrupt(head, `the extent ends at ${end}, and byte ${position} says that it is its own`);
    }
    const length = end - start;
    const isTail = end === this.#inode.size;
    const { advise, inlineSize } = this.#header;

    if (isTail && advise & Z_ADVISE.FRAGMENT_PCLUSTER) {
      const high = this.#inode.layout === Layout.COMPRESSED_FULL ? block : 0;
      return { kind: 'fragment', start, length, offset: u48(this.#header.fragmentOffset, high) };
    }
    const inline = isTail && inlineSize > 0;
    const encodedLength = inline ? inlineSize : this.#blockCount(head, type) * this.#image.geometry.blockSize;
    if (inline) this.#checkInline();
    const address = inline ? index.end : block * this.#image.geometry.blockSize;
    if (type === Lcluster.PLAIN) {
      if (length > encodedLength) {
        throw this.#corrupt(head, `plain extent of ${length} bytes in a pcluster of ${encodedLength}`);
      }
      if (inline) return { kind: 'inline', start, length, inMetabox: this.#inode.inMetabox, offset: address };
      const interlaced = (advise & Z_ADVISE.INTERLACED_PCLUSTER) !== 0;
      return plainExtent(this.#image, address, start, length, interlaced, position);
    }
    const algorithm = this.#header.algorithms[type === Lcluster.HEAD1 ? 0 : 1];
    const place = inline ? undefined : this.#image.devices.resolve(0, address);
    return {
      kind: 'coded',
      start,
      length,
      algorithm: checkCoded(this.#image, this.#inode, algorithm, encodedLength, length),
      device: place?.device,
      inMetabox: this.#inode.inMetabox,
      offset: place?.offset ?? address,
      encodedLength,
      partial,
    };
  }

  /** Where the extent starts that byte `position` says is its own. Throws as map() does. */
  startAt(position: number): number {
    return this.#findHead(position) * this.#header.lclusterSize + this.#index.clusterofs;
  }

  /** Loads the head of the extent that holds `position` and returns its lcluster number. */
  #findHead(position: number): number {
    const index = this.#index;
    const { lclusterSize } = this.#header;
    let n = Math.floor(position / lclusterSize);
    index.load(n);
    if (index.type !== Lcluster.NONHEAD && this.#clusterofs(n) > position % lclusterSize) {
      n -= 1;
      if (n < 0) throw this.#corrupt(0, 'the first extent does not start at byte 0');
      index.load(n);
    }
    // delta0 may be capped and land on another NONHEAD; each step goes back, so the loop ends.
    const from = n;
    while (index.type === Lcluster.NONHEAD) {
      if (index.delta0 === 0 || index.delta0 > n) throw this.#corrupt(n, `delta0 ${index.delta0}`);
      if (from - n >= this.#tooLong) throw this.#corrupt(from, `no head in the ${from - n} before it`);
      n -= index.delta0;
      index.load(n);
    }
    this.#clusterofs(n);
    return n;
  }

  /**
   * The next head's start; a head at or beyond the file's end is only the end marker that mkfs leaves. Of an extent that
   * is too long, more than it may have.
   */
  #findEnd(head: number): number {
    const index = this.#index;
    const { lclusterSize } = this.#header;
    const bound = Math.min(index.count, head + this.#tooLong);
    for (let n = head + 1; n < bound; n++) {
      index.load(n);
      if (index.type !== Lcluster.NONHEAD) {
        return Math.min(this.#inode.size, n * lclusterSize + this.#clusterofs(n));
      }
    }
    return bound < index.count ? bound * lclusterSize : this.#inode.size;
  }

  #blockCount(head: number, type: number): number {
    const bigBit = type === Lcluster.HEAD1 ? Z_ADVISE.BIG_PCLUSTER_1 : Z_ADVISE.BIG_PCLUSTER_2;
    const index = this.#index;
    const lclusterBlocks = this.#header.lclusterSize / this.#image.geometry.blockSize;
    if (!(this.#header.advise & bigBit) || head + 1 >= index.count) return lclusterBlocks;
    index.load(head + 1);
    if (index.type !== Lcluster.NONHEAD) return lclusterBlocks;
    const { blockCount } = index;
    if (blockCount === 0 || blockCount * this.#image.geometry.blockSize > PCLUSTER_MAX_SIZE) {
      throw this.#corrupt(head, `pcluster of ${blockCount} blocks`);
    }
    return blockCount;
  }

  #clusterofs(n: number): number {
    const { clusterofs } = this.#index;
    if (clusterofs >= this.#header.lclusterSize) throw this.#corrupt(n, `clusterofs ${clusterofs}`);
    return clusterofs;
  }

  #checkInline(): void {
    const { blockSize } = this.#image.geometry;
    const { end } = this.#index;
    if ((end % blockSize) + this.#header.inlineSize > blockSize) {
      throw this.#corrupt(this.#index.count - 1, `inline pcluster at ${hex(end)} crosses a block`);
    }
  }

  #corrupt(n: number, what: string): ErofsError {
    return corrupt(`inode ${nidName(this.#inode.nid)}: lcluster ${n}: ${what}`, {
      nid: this.#inode.nid,
      offset: this.#header.offset,
    });
  }
}
