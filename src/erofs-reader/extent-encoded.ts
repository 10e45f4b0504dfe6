/** Encoded extents of 48-bit images: records with byte addresses instead of an lcluster index (erofs-format §10.5). */
import { hex64, nidName, readU64, roundUp } from './bytes.js';
import { corrupt, type ErofsError } from './errors.js';
import type { Extent, ExtentMapper } from './extent.js';
import { checkCoded, plainExtent } from './extent-checks.js';
import type { ErofsImage } from './image.js';
import type { Inode } from './inode.js';
import { Z_ADVISE } from './layout.js';
import type { MapHeader } from './map-header.js';

const LENGTH_MASK = 0x1fffff;
const PARTIAL = 1 << 27;
const FORMAT_SHIFT = 28;

export class EncodedExtentMapper implements ExtentMapper {
  readonly #image: ErofsImage;
  readonly #inode: Inode;
  readonly #header: MapHeader;
  readonly #recordSize: number;
  readonly #records: number;
  readonly #count: number;
  /** records of 4 bytes: addresses only accumulate, so the last sum is kept */
  #summed = 0;
  #sum = 0;

  // fields of the record that load() read last
  #length = 0;
  #address = 0;
  #start = 0;

  constructor(image: ErofsImage, inode: Inode, header: MapHeader) {
    this.#image = image;
    this.#inode = inode;
    this.#header = header;
    this.#recordSize = 4 << ((header.advise >> 1) & 3);
    const first = roundUp(header.offset + 8, this.#recordSize);
    this.#records = this.#recordSize === 4 ? first + 8 : first;
    this.#count = this.#recordSize <= 8 ? Math.ceil(inode.size / header.lclusterSize) : header.extentCount;
    if (this.#count > inode.size) throw this.#corrupt(`${this.#count} extents in ${inode.size} bytes`);
    if (this.#recordSize === 4) this.#sum = this.#addressAt(this.#view(first, 8), 0, 0);
  }

  map(position: number): Extent {
    const found = this.#find(position);
    if (found < 0) return { kind: 'hole', start: 0, length: this.#startOf(0) };
    const isTail = found + 1 === this.#count;
    const end = isTail ? this.#inode.size : this.#startOf(found + 1);
    this.#load(found);
    const start = this.#start;
    const length = end - start;
    if (length <= 0 || end > this.#inode.size || position >= end) {
      throw this.#corrupt(`extent ${found} ends at ${end}, starts at ${start}`);
    }
    if (found > 0 && this.#startOf(found - 1) >= start) {
      throw this.#corrupt(
        `extent ${found} starts at ${start}, the one before it at ${this.#startOf(found - 1)}`,
      );
    }

    if (isTail && this.#header.advise & Z_ADVISE.FRAGMENT_PCLUSTER) {
      const high = this.#recordSize > 4 ? this.#address % 0x1_0000_0000 : 0;
      return { kind: 'fragment', start, length, offset: high * 0x1_0000_0000 + this.#length };
    }
    const encodedLength = this.#length & LENGTH_MASK;
    if (encodedLength === 0) return { kind: 'hole', start, length };
    const format = this.#length >>> FORMAT_SHIFT;
    if (format === 0) {
      if (length > encodedLength)
        throw this.#corrupt(`plain extent ${found}: ${length} bytes in ${encodedLength}`);
      const { blockSize } = this.#image.geometry;
      const aligned = this.#address % blockSize === 0 && encodedLength % blockSize === 0;
      const interlaced = aligned && (this.#header.advise & Z_ADVISE.INTERLACED_PCLUSTER) !== 0;
      return plainExtent(this.#image, this.#address, start, length, interlaced, position);
    }
    const { device, offset } = this.#image.devices.resolve(0, this.#address);
    return {
      kind: 'coded',
      start,
      length,
      algorithm: checkCoded(this.#image, this.#inode, format - 1, encodedLength, length),
      device,
      inMetabox: this.#inode.inMetabox,
      offset,
      encodedLength,
      partial: (this.#length & PARTIAL) !== 0,
    };
  }

  /** The last record that starts at or before `position`; -1 where the file begins with a hole without record. */
  #find(position: number): number {
    if (this.#recordSize <= 8) return Math.floor(position / this.#header.lclusterSize);
    let low = 0;
    let high = this.#count - 1;
    while (low <= high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#startOf(middle) <= position) low = middle + 1;
      else high = middle - 1;
    }
    return high;
  }

  #startOf(n: number): number {
    if (this.#recordSize <= 8) return n * this.#header.lclusterSize;
    if (this.#count === 0) return this.#inode.size;
    const view = this.#view(this.#records + n * this.#recordSize, this.#recordSize);
    const high = this.#recordSize === 32 ? view.getUint32(16, true) : 0;
    return high * 0x1_0000_0000 + view.getUint32(12, true);
  }

  #load(n: number): void {
    const view = this.#view(this.#records + n * this.#recordSize, this.#recordSize);
    this.#length = view.getUint32(0, true);
    this.#start = this.#startOf(n);
    if (this.#recordSize === 4) this.#address = this.#sumBefore(n);
    else if (this.#recordSize === 8) this.#address = view.getUint32(4, true);
    else this.#address = this.#addressAt(view, 4, n);
  }

  #sumBefore(n: number): number {
    if (n < this.#summed) {
      this.#sum = this.#addressAt(this.#view(this.#records - 8, 8), 0, 0);
      this.#summed = 0;
    }
    for (; this.#summed < n; this.#summed++) {
      this.#sum += this.#view(this.#records + this.#summed * 4, 4).getUint32(0, true) & LENGTH_MASK;
    }
    return this.#sum;
  }

  /** A byte address of 64 bits, of which no device reaches 2^53. */
  #addressAt(view: DataView, at: number, n: number): number {
    if (view.getUint32(at + 4, true) >= 0x200000) {
      throw this.#corrupt(`extent ${n}: pcluster at ${hex64(view, at)}, outside any device`);
    }
    return readU64(view, at, 'pcluster address');
  }

  #view(offset: number, length: number): DataView {
    return this.#image.metadata(this.#inode.inMetabox, offset, length, { nid: this.#inode.nid });
  }

  #corrupt(what: string): ErofsError {
    return corrupt(`inode ${nidName(this.#inode.nid)}: ${what}`, {
      nid: this.#inode.nid,
      offset: this.#records,
    });
  }
}
