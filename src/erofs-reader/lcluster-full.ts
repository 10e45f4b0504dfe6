/** The full index: 8 bytes an lcluster (erofs-format §10.3). */
import type { ErofsImage } from './image.js';
import type { Inode } from './inode.js';
import { CBLKCNT, Lcluster, PARTIAL_REF } from './layout.js';
import type { LclusterIndex } from './lcluster-index.js';
import type { MapHeader } from './map-header.js';

const ENTRY_SIZE = 8;
/** entries looked at in one view */
const WINDOW = 64;

export class FullIndex implements LclusterIndex {
  readonly count: number;
  readonly end: number;
  type = 0;
  clusterofs = 0;
  block = 0;
  partial = false;
  delta0 = 0;
  blockCount = 0;

  readonly #image: ErofsImage;
  readonly #inode: Inode;
  readonly #start: number;
  /** the window that holds entry #first and those behind it; its bytes are copied, so it outlives the operation */
  #window: DataView | undefined;
  #first = 0;

  constructor(image: ErofsImage, inode: Inode, header: MapHeader) {
    this.#image = image;
    this.#inode = inode;
    this.#start = header.offset + 16;
    this.count = Math.ceil(inode.size / header.lclusterSize);
    this.end = this.#start + this.count * ENTRY_SIZE;
  }

  load(n: number): void {
    const view = this.#windowAt(n);
    const at = (n - this.#first) * ENTRY_SIZE;
    const advise = view.getUint16(at, true);
    this.type = advise & 3;
    this.blockCount = 0;
    if (this.type === Lcluster.NONHEAD) {
      const delta0 = view.getUint16(at + 4, true);
      if (delta0 & CBLKCNT) {
        this.delta0 = 1;
        this.blockCount = delta0 & (CBLKCNT - 1);
      } else {
        this.delta0 = delta0;
      }
    } else {
      this.clusterofs = view.getUint16(at + 2, true);
      this.block = view.getUint32(at + 4, true);
      this.partial = (advise & PARTIAL_REF) !== 0;
    }
  }

  #windowAt(n: number): DataView {
    if (this.#window !== undefined && n >= this.#first && n < this.#first + WINDOW) return this.#window;
    const first = n - (n % WINDOW);
    const entries = Math.min(WINDOW, this.count - first);
    const view = this.#image.metadata(
      this.#inode.inMetabox,
      this.#start + first * ENTRY_SIZE,
      entries * ENTRY_SIZE,
      { nid: this.#inode.nid },
    );
    this.#window = new DataView(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
    this.#first = first;
    return this.#window;
  }
}
