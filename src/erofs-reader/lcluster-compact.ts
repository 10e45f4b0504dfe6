/**
 * The compact index: packs of bit-packed entries, each with one base block address (erofs-format §10.4).
 *
 * A pack is decoded whole, from its first entry to its last, because the block address of a head is the base
 * plus what the heads before it in the pack occupy.
 */
import { nidName } from './bytes.js';
import { corrupt, ErofsError } from './errors.js';
import type { ErofsImage } from './image.js';
import type { Inode } from './inode.js';
import { CBLKCNT, Lcluster, Z_ADVISE } from './layout.js';
import type { LclusterIndex } from './lcluster-index.js';
import type { MapHeader } from './map-header.js';

/** A run of packs of one kind. */
interface PackKind {
  /** bytes of a pack, entries in it, bits of an entry */
  readonly size: number;
  readonly entries: number;
  readonly bits: number;
}

const PACK_4B: PackKind = { size: 8, entries: 2, bits: 16 };
const PACK_2B: PackKind = { size: 32, entries: 16, bits: 14 };
const MAX_ENTRIES = 16;
/** 4-byte entries have two bits left for the type above the cluster offset */
const MAX_LCLUSTER_BITS = 14;

export class CompactIndex implements LclusterIndex {
  readonly count: number;
  readonly end: number;
  type = 0;
  clusterofs = 0;
  block = 0;
  readonly partial = false;
  delta0 = 0;
  blockCount = 0;

  readonly #image: ErofsImage;
  readonly #inode: Inode;
  readonly #start: number;
  readonly #bigPcluster: boolean;
  readonly #lowBits: number;
  /** entries in the leading run of 4-byte packs, and in the run of 2-byte packs behind it */
  readonly #leading: number;
  readonly #middle: number;

  /** the pack that is decoded now: entries #first .. #first + #entries */
  #first = 0;
  #entries = 0;
  readonly #types = new Uint8Array(MAX_ENTRIES);
  readonly #low = new Uint16Array(MAX_ENTRIES);
  readonly #blocks = new Float64Array(MAX_ENTRIES);

  constructor(image: ErofsImage, inode: Inode, header: MapHeader) {
    const lclusterBits = Math.log2(header.lclusterSize);
    const wants2B = (header.advise & Z_ADVISE.COMPACTED_2B) !== 0;
    if (lclusterBits > MAX_LCLUSTER_BITS || (wants2B && lclusterBits > 12)) {
      throw new ErofsError(
        'unsupported',
        `inode ${nidName(inode.nid)}: compact index with lclusters of ${header.lclusterSize} bytes`,
        { nid: inode.nid, offset: header.offset },
      );
    }
    this.#image = image;
    this.#inode = inode;
    this.#start = header.offset + 8;
    this.#bigPcluster = (header.advise & Z_ADVISE.BIG_PCLUSTER_1) !== 0;
    this.#lowBits = Math.max(lclusterBits, 12);
    // fs/erofs/zmap.c counts entries in blocks here, whatever the lcluster size.
    const total = Math.ceil(inode.size / image.geometry.blockSize);
    const toAlignment = ((32 - (this.#start % 32)) / 4) % 8;
    const has2B = wants2B && toAlignment < total;
    this.#leading = has2B ? toAlignment : total;
    this.#middle = has2B ? Math.floor((total - toAlignment) / PACK_2B.entries) * PACK_2B.entries : 0;
    this.count = Math.ceil(inode.size / header.lclusterSize);
    const trailing = total - this.#leading - this.#middle;
    this.end =
      this.#start +
      packedSize(this.#leading, PACK_4B) +
      packedSize(this.#middle, PACK_2B) +
      packedSize(trailing, PACK_4B);
  }

  load(n: number): void {
    if (n < this.#first || n >= this.#first + this.#entries) this.#decodePack(n);
    const entry = n - this.#first;
    const low = this.#low[entry]!;
    this.type = this.#types[entry]!;
    this.blockCount = 0;
    if (this.type !== Lcluster.NONHEAD) {
      this.clusterofs = low;
      this.block = this.#blocks[entry]!;
    } else if (low & CBLKCNT) {
      this.delta0 = 1;
      this.blockCount = low & (CBLKCNT - 1);
    } else {
      this.delta0 = entry === this.#entries - 1 ? this.#deltaOfLast(entry) : low;
    }
  }

  /** The last NONHEAD of a pack stores the distance forward; the distance back follows from its neighbour. */
  #deltaOfLast(entry: number): number {
    const before = entry - 1;
    if (this.#types[before] !== Lcluster.NONHEAD) return 1;
    const low = this.#low[before]!;
    return low & CBLKCNT ? 2 : low + 1;
  }

  #decodePack(n: number): void {
    const { offset, first, kind } = this.#locatePack(n);
    const view = this.#image.metadata(this.#inode.inMetabox, offset, kind.size, { nid: this.#inode.nid });
    const lowBits = this.#lowBits;
    const bigPcluster = this.#bigPcluster;
    const lowMask = (1 << lowBits) - 1;
    let block = view.getUint32(kind.size - 4, true);
    let headPending = false;
    for (let entry = 0; entry < kind.entries; entry++) {
      const bit = entry * kind.bits;
      // signed, so that it always fits in what V8 calls a small integer; what the sign fills is masked away
      const value =
        kind.bits === 16 ? view.getUint16(bit >> 3, true) : view.getInt32(bit >> 3, true) >> (bit & 7);
      const type = (value >> lowBits) & 3;
      const low = value & lowMask;
      this.#types[entry] = type;
      this.#low[entry] = low;
      if (type === Lcluster.NONHEAD) {
        if (!(low & CBLKCNT)) continue;
        if (!bigPcluster) {
          this.#entries = 0;
          throw corrupt(`inode ${nidName(this.#inode.nid)}: block count in an index without big pclusters`, {
            nid: this.#inode.nid,
            offset,
          });
        }
        block += low & (CBLKCNT - 1);
        headPending = false;
      } else {
        if (headPending || !bigPcluster) block += 1;
        headPending = true;
        this.#blocks[entry] = block;
      }
    }
    this.#first = first;
    this.#entries = kind.entries;
  }

  #locatePack(n: number): { offset: number; first: number; kind: PackKind } {
    let start = this.#start;
    let base = 0;
    let kind = PACK_4B;
    if (n >= this.#leading) {
      start += packedSize(this.#leading, PACK_4B);
      base = this.#leading;
      kind = PACK_2B;
      if (n >= this.#leading + this.#middle) {
        start += packedSize(this.#middle, PACK_2B);
        base += this.#middle;
        kind = PACK_4B;
      }
    }
    const past = (n - base) % kind.entries;
    const first = n - past;
    return { offset: start + ((first - base) / kind.entries) * kind.size, first, kind };
  }
}

function packedSize(entries: number, kind: PackKind): number {
  return Math.ceil(entries / kind.entries) * kind.size;
}
