/** Chunk-based files: a table of block addresses behind the inode (erofs-format §6). */
import { nidName, roundUp, u48 } from './bytes.js';
import { corrupt } from './errors.js';
import type { Extent, ExtentMapper } from './extent.js';
import type { ErofsImage } from './image.js';
import type { Inode } from './inode.js';
import { CHUNK_FORMAT } from './layout.js';

const BLOCK_MAP_ENTRY_SIZE = 4;
const INDEX_ENTRY_SIZE = 8;
/** entries looked at in one view of the table */
const WINDOW = 512;

export class ChunkMapper implements ExtentMapper {
  readonly #image: ErofsImage;
  readonly #inode: Inode;
  readonly #chunkSize: number;
  readonly #chunks: number;
  readonly #entrySize: number;
  readonly #table: number;
  readonly #wide: boolean;

  constructor(image: ErofsImage, inode: Inode) {
    const format = inode.chunkFormat;
    this.#image = image;
    this.#inode = inode;
    this.#chunkSize = image.geometry.blockSize * 2 ** (format & CHUNK_FORMAT.BLKBITS_MASK);
    this.#chunks = Math.ceil(inode.size / this.#chunkSize);
    this.#entrySize = format & CHUNK_FORMAT.INDEXES ? INDEX_ENTRY_SIZE : BLOCK_MAP_ENTRY_SIZE;
    this.#table = roundUp(inode.end, this.#entrySize);
    this.#wide = (format & CHUNK_FORMAT['48BIT']) !== 0;
  }

  /** Contiguous chunks come back as one extent, so that a large read is one pread. */
  map(position: number, until: number): Extent {
    const first = Math.floor(position / this.#chunkSize);
    const last = Math.min(Math.ceil(until / this.#chunkSize), this.#chunks, first + WINDOW);
    const view = this.#image.metadata(
      this.#inode.inMetabox,
      this.#table + first * this.#entrySize,
      (last - first) * this.#entrySize,
      { nid: this.#inode.nid },
    );
    const start = first * this.#chunkSize;
    const place = this.#placeAt(view, 0);
    let chunks = 1;
    while (first + chunks < last && this.#continues(view, chunks, place)) chunks++;
    const length = Math.min(chunks * this.#chunkSize, this.#inode.size - start);
    return place === undefined ? { kind: 'hole', start, length } : { kind: 'raw', start, length, ...place };
  }

  #continues(view: DataView, chunk: number, first: { device: number; offset: number } | undefined): boolean {
    const next = this.#placeAt(view, chunk);
    if (first === undefined || next === undefined) return first === next;
    return next.device === first.device && next.offset === first.offset + chunk * this.#chunkSize;
  }

  #placeAt(view: DataView, chunk: number): { device: number; offset: number } | undefined {
    const at = chunk * this.#entrySize;
    let block: number;
    let deviceId = 0;
    let hole = 0xffff_ffff;
    if (this.#entrySize === BLOCK_MAP_ENTRY_SIZE) {
      block = view.getUint32(at, true);
    } else {
      block = u48(view.getUint32(at + 4, true), this.#wide ? view.getUint16(at, true) : 0);
      deviceId = view.getUint16(at + 2, true) & this.#image.devices.idMask;
      if (this.#wide) hole = 0xffff_ffff_ffff;
    }
    if (block === hole) return undefined;
    try {
      return this.#image.devices.resolve(deviceId, block * this.#image.geometry.blockSize);
    } catch (error) {
      throw corrupt(`inode ${nidName(this.#inode.nid)}: chunk table: ${(error as Error).message}`, {
        nid: this.#inode.nid,
        offset: this.#table,
      });
    }
  }
}
