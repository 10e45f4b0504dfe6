/**
 * What the reader knows of bytes: they are here, or a Miss is thrown.
 * Offsets and lengths are safe integers in bytes; block addresses are multiplied, never shifted (shifts wrap at 32 bits).
 */
import { corrupt, ErofsError, type ErofsErrorPlace } from './errors.js';

/** A range of bytes of device 0 (the image) or of an extra device. */
export interface ByteRange {
  readonly device: number;
  readonly offset: number;
  readonly length: number;
}

/** A range that is not here, of the devices of the view that misses it. */
export interface MissedRange extends ByteRange {
  readonly view: ByteView;
}

/**
 * Thrown where bytes are not here yet: fetch all ranges and run the operation again. They are of one view, or of those of
 * several images that are shown as one.
 * A plain object, not an Error: thrown and caught in about 1 µs where an Error costs 7 to 26.
 */
export interface Miss {
  readonly miss: true;
  readonly ranges: readonly MissedRange[];
}

export function isMiss(thrown: unknown): thrown is Miss {
  return typeof thrown === 'object' && thrown !== null && (thrown as Partial<Miss>).miss === true;
}

export interface ByteView {
  /** bytes of each device */
  readonly sizes: readonly number[];
  /** Borrowed until the operation ends. Throws Miss; 'truncated' beyond the device's end. */
  view(device: number, offset: number, length: number): DataView;
  /** Fills dst from `offset`. Throws as view does. */
  copy(dst: Uint8Array, device: number, offset: number): void;
  /** One Miss for all of the ranges that are not here. */
  want(ranges: readonly ByteRange[]): void;
}

/** A u64 as a number. Throws 'unsupported' above 2^53. */
export function readU64(view: DataView, offset: number, what: string, place?: ErofsErrorPlace): number {
  const high = view.getUint32(offset + 4, true);
  if (high >= 0x200000) {
    throw new ErofsError('unsupported', `${what} is ${hex64(view, offset)}, more than 2^53`, place);
  }
  return high * 0x1_0000_0000 + view.getUint32(offset, true);
}

/** An s64 as a number. Throws 'unsupported' outside ±2^53. */
export function readS64(view: DataView, offset: number, what: string, place?: ErofsErrorPlace): number {
  const value = view.getInt32(offset + 4, true) * 0x1_0000_0000 + view.getUint32(offset, true);
  if (!Number.isSafeInteger(value)) throw new ErofsError('unsupported', `${what} is beyond ±2^53`, place);
  return value;
}

/** A u32 and the bits above it: the 48-bit addresses of the format. */
export function u48(low: number, high: number): number {
  return high * 0x1_0000_0000 + low;
}

export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

/**
 * A nid as a number. Bit 63, which says "in the metabox" (erofs-format §4), is carried as bit 52, so that a
 * nid stays a safe integer; no image comes near 2^52 inodes of 32 bytes.
 */
export const METABOX_NID = 2 ** 52;

/** Whether the u64 at `offset` is a nid that an image can have. */
export function isNid(view: DataView, offset: number): boolean {
  return (view.getUint32(offset + 4, true) & 0x7fffffff) < METABOX_NID / 0x1_0000_0000;
}

/** Throws 'corrupt', its message beginning with `what`, for a nid that no image can have. */
export function readNid(view: DataView, offset: number, what: string, place?: ErofsErrorPlace): number {
  const high = view.getUint32(offset + 4, true);
  const nid = (high & 0x7fffffff) * 0x1_0000_0000 + view.getUint32(offset, true);
  if (!isNid(view, offset)) throw corrupt(`${what} is ${hex(nid)}, outside any image`, place);
  return high >= 0x80000000 ? METABOX_NID + nid : nid;
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** A u64 of any size. */
export const hex64 = (view: DataView, offset: number): string =>
  `0x${view.getBigUint64(offset, true).toString(16)}`;

/** A nid for people: as the number that tools print, bit 63 spelled out. */
export function nidName(nid: number): string {
  return nid >= METABOX_NID ? `${nid - METABOX_NID} (metabox)` : `${nid}`;
}
