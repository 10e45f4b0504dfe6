/**
 * What an inode's data looks like on disk: one maker for each data layout. A body says which pieces of data it
 * wants in blocks, and, once those have a place, what stands in i_u and behind the inode.
 */
import { roundUp } from '../../src/erofs-reader/bytes.js';
import { CHUNK_FORMAT, Layout, Z_ADVISE } from '../../src/erofs-reader/layout.js';

/** Data that lies at a place of its own. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** byte address in the image; the writer finds free blocks where it is not given */
  readonly offset?: number | undefined;
}

/** Where a body lies: `end` is the byte address behind inode and xattrs, `offsets` are those of its pieces. */
export interface Placement {
  readonly end: number;
  readonly offsets: readonly number[];
  readonly blockSize: number;
}

export interface Body {
  readonly layout: Layout;
  /** i_size, bytes */
  readonly size: number;
  readonly pieces: (blockSize: number) => readonly Piece[];
  /** bytes behind the inode from `end` on, alignment included */
  readonly attachedSize: (end: number, blockSize: number) => number;
  /** i_u with the 16 bits above it; all ones, in as many bits as the inode has, for `null` */
  readonly address: (placement: Placement) => number | null;
  readonly attached: (placement: Placement) => Uint8Array;
  /** what is attached must not cross a block */
  readonly inOneBlock?: boolean;
}

const NOTHING = new Uint8Array(0);
const bytesOf = (data: Uint8Array | string): Uint8Array =>
  typeof data === 'string' ? new TextEncoder().encode(data) : data;

const withoutAttachment = { attachedSize: () => 0, attached: () => NOTHING };

/** FLAT_PLAIN; one run of blocks, at `block` where it is given. */
export function flat(data: Uint8Array | string, block?: number): Body {
  const bytes = bytesOf(data);
  return {
    layout: Layout.FLAT_PLAIN,
    size: bytes.length,
    pieces: (blockSize) =>
      bytes.length === 0 ? [] : [{ bytes, offset: block === undefined ? undefined : block * blockSize }],
    address: ({ offsets, blockSize }) => (offsets[0] ?? 0) / blockSize,
    ...withoutAttachment,
  };
}

/** FLAT_PLAIN of any size, whose data starts at `block` and is zeros but for what is given, by offset in the file. */
export function flatSparse(size: number, block: number, data: Readonly<Record<number, string>>): Body {
  return {
    layout: Layout.FLAT_PLAIN,
    size,
    pieces: (blockSize) =>
      Object.entries(data).map(([at, text]) => ({
        bytes: bytesOf(text),
        offset: block * blockSize + Number(at),
      })),
    address: () => block,
    ...withoutAttachment,
  };
}

/** FLAT_PLAIN without any block. */
export function hole(size: number): Body {
  return {
    layout: Layout.FLAT_PLAIN,
    size,
    pieces: () => [],
    address: () => null,
    ...withoutAttachment,
  };
}

/** FLAT_INLINE: whole blocks, and the rest (of one block at most) behind the inode. */
export function inline(data: Uint8Array | string): Body {
  const bytes = bytesOf(data);
  const tailStart = (blockSize: number): number =>
    Math.max(0, Math.ceil(bytes.length / blockSize) - 1) * blockSize;
  return {
    layout: Layout.FLAT_INLINE,
    size: bytes.length,
    pieces: (blockSize) =>
      tailStart(blockSize) === 0 ? [] : [{ bytes: bytes.subarray(0, tailStart(blockSize)) }],
    attachedSize: (_, blockSize) => bytes.length - tailStart(blockSize),
    address: ({ offsets, blockSize }) => (offsets[0] === undefined ? null : offsets[0] / blockSize),
    attached: ({ blockSize }) => bytes.subarray(tailStart(blockSize)),
    inOneBlock: true,
  };
}

/** One entry of a chunk table. Without `block` the writer places `bytes`; `undefined` among the chunks is a hole. */
export interface Chunk {
  readonly bytes?: Uint8Array | string;
  readonly block?: number;
  /** as it stands in the index, unmasked */
  readonly device?: number;
}

export interface ChunkedSpec {
  readonly size: number;
  /** log2 (chunk size / block size) */
  readonly bits: number;
  /** 8-byte indexes rather than a block map of 4-byte addresses */
  readonly indexes?: boolean;
  /** 48-bit addresses; with indexes only */
  readonly wide?: boolean;
  readonly chunks: readonly (Chunk | undefined)[];
}

export function chunked({ size, bits, indexes = false, wide = false, chunks }: ChunkedSpec): Body {
  const unit = indexes ? 8 : 4;
  return {
    layout: Layout.CHUNK_BASED,
    size,
    pieces: (blockSize) =>
      chunks.flatMap((chunk) =>
        chunk?.bytes === undefined
          ? []
          : [
              {
                bytes: bytesOf(chunk.bytes),
                offset: chunk.block === undefined ? undefined : chunk.block * blockSize,
              },
            ],
      ),
    attachedSize: (end) => roundUp(end, unit) - end + unit * chunks.length,
    address: () => bits | (indexes ? CHUNK_FORMAT.INDEXES : 0) | (wide ? CHUNK_FORMAT['48BIT'] : 0),
    attached: ({ end, offsets, blockSize }) => {
      const start = roundUp(end, unit) - end;
      const view = new DataView(new ArrayBuffer(start + unit * chunks.length));
      let piece = 0;
      for (const [n, chunk] of chunks.entries()) {
        const at = start + unit * n;
        let block = wide ? 0xffff_ffff_ffff : 0xffff_ffff;
        if (chunk !== undefined) {
          block = chunk.block ?? offsets[piece]! / blockSize;
          if (chunk.bytes !== undefined) piece++;
        }
        if (indexes) {
          view.setUint16(at, wide ? block / 0x1_0000_0000 : 0, true);
          view.setUint16(at + 2, chunk?.device ?? 0, true);
        }
        view.setUint32(at + unit - 4, block % 0x1_0000_0000, true);
      }
      return new Uint8Array(view.buffer);
    },
  };
}

/** One encoded extent: a record of a 48-bit image. Without `encoded` it is a hole. */
export interface EncodedExtent {
  /** byte of the file */
  readonly start: number;
  /** the pcluster's bytes, and where they lie: anywhere, whole blocks or not */
  readonly encoded?: Uint8Array;
  readonly offset?: number;
  /** encoded bytes, where they are not written here */
  readonly length?: number;
  /** 0: plain; otherwise the algorithm's number + 1 */
  readonly format?: number;
  /** the pcluster decodes to more than the extent */
  readonly partial?: boolean;
}

export interface EncodedSpec {
  readonly size: number;
  /** bytes */
  readonly recordSize: 16 | 32;
  readonly extents: readonly EncodedExtent[];
}

/** COMPRESSED_FULL with encoded extents (erofs-format §10.5). */
export function encoded({ size, recordSize, extents }: EncodedSpec): Body {
  const headerAt = (end: number): number => roundUp(end, 8);
  const recordsAt = (end: number): number => roundUp(headerAt(end) + 8, recordSize);
  const attachedSize = (end: number): number => recordsAt(end) - end + recordSize * extents.length;
  return {
    layout: Layout.COMPRESSED_FULL,
    size,
    pieces: () =>
      extents.flatMap(({ encoded: bytes, offset }) => (bytes === undefined ? [] : [{ bytes, offset }])),
    attachedSize,
    address: () => 0,
    attached: ({ end, offsets }) => {
      const view = new DataView(new ArrayBuffer(attachedSize(end)));
      const header = headerAt(end) - end;
      view.setUint32(header, extents.length, true);
      view.setUint16(header + 4, Z_ADVISE.EXTENTS | (Math.log2(recordSize / 4) << 1), true);
      view.setUint16(header + 6, extents.length / 0x1_0000_0000, true);
      let piece = 0;
      for (const [n, extent] of extents.entries()) {
        const at = recordsAt(end) - end + recordSize * n;
        const length = extent.encoded?.length ?? extent.length ?? 0;
        const offset = extent.encoded === undefined ? (extent.offset ?? 0) : offsets[piece++]!;
        const partial = extent.partial ? 2 ** 27 : 0;
        view.setUint32(at, ((extent.format ?? 0) * 2 ** 28 + partial + length) >>> 0, true);
        view.setBigUint64(at + 4, BigInt(offset), true);
        view.setUint32(at + 12, extent.start % 0x1_0000_0000, true);
        if (recordSize === 32) view.setUint32(at + 16, extent.start / 0x1_0000_0000, true);
      }
      return new Uint8Array(view.buffer);
    },
  };
}

export interface RawSpec {
  readonly layout: Layout;
  readonly size: number;
  /** i_u and the 16 bits above it */
  readonly address?: number;
  /** stands behind inode and xattrs, aligned to `unit` bytes: map header and index, chunk table, inline tail */
  readonly attached?: Uint8Array;
  readonly unit?: number;
}

/** Whatever the other makers would not write. */
export function raw({ layout, size, address = 0, attached = NOTHING, unit = 1 }: RawSpec): Body {
  return {
    layout,
    size,
    pieces: () => [],
    attachedSize: (end) => roundUp(end, unit) - end + attached.length,
    address: () => address,
    attached: ({ end }) => {
      const bytes = new Uint8Array(roundUp(end, unit) - end + attached.length);
      bytes.set(attached, roundUp(end, unit) - end);
      return bytes;
    },
  };
}

/** Layout 0 with a device number (12 bits of major, 20 of minor) in i_u. */
export function deviceNumber(major: number, minor: number): Body {
  const number = ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
  return raw({ layout: Layout.FLAT_PLAIN, size: 0, address: number });
}
