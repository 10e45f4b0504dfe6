/** Decoding pclusters: fetch the encoded bytes, skip the padding, hand them to the codec (erofs-format §11). */
import { hex, nidName } from './bytes.js';
import { codecOf } from './codec.js';
import { CodecError, ErofsError } from './errors.js';
import type { CodedExtent } from './extent.js';
import type { ErofsImage } from './image.js';

/**
 * Decoded beginnings of pclusters, by where they lie; device -1 stands for the metabox. Several extents may
 * share a pcluster and want different lengths of it, so what is kept may be too short for the next one.
 */
export interface DecodedExtents {
  /** undefined where less than `length` bytes are kept */
  get(device: number, offset: number, length: number): Uint8Array | undefined;
  put(device: number, offset: number, decoded: Uint8Array): void;
  /** For `length` bytes that are to be put, whatever is in it. */
  room?(length: number): Uint8Array;
}

/** Bytes that a codec may overwrite in front of its input (lz4-napi wants the size there). */
const HEADROOM = 4;
const METABOX_DEVICE = -1;

/**
 * The encoded bytes that were fetched last, behind the headroom; grows to what the images of a thread need. One for all of them: no
 * operation reads of another image between fetching and decoding, and hundreds of layers would each have a megabyte.
 */
let input = new Uint8Array(0);

export class PclusterDecoder {
  readonly #image: ErofsImage;
  readonly #zeroPadding: boolean;
  readonly #decoded: DecodedExtents | undefined;
  /** pclusters decoded so far, for tests that count and for statistics */
  decodes = 0;

  constructor(image: ErofsImage, zeroPadding: boolean, decoded: DecodedExtents | undefined) {
    this.#image = image;
    this.#zeroPadding = zeroPadding;
    this.#decoded = decoded;
  }

  /** The first `length` bytes of the extent or more, where they are kept. */
  kept(extent: CodedExtent, length: number): Uint8Array | undefined {
    return this.#decoded?.get(extent.device ?? metadataDevice(extent), extent.offset, length);
  }

  /** Fetches `length` encoded bytes in one piece: the extent's own, and those of the pclusters behind it. */
  fetch(first: CodedExtent, length: number): void {
    if (first.device === undefined) {
      // Bytes of the metabox come through this decoder themselves: its input is free again only behind this line.
      const view = this.#image.metadata(first.inMetabox, first.offset, length, {});
      inputFor(length).set(new Uint8Array(view.buffer, view.byteOffset, length));
    } else {
      this.#image.bytes.copy(inputFor(length), first.device, first.offset);
    }
  }

  /**
   * Decodes the pcluster whose encoded bytes start at `at` in what was fetched; dst.length is the extent's
   * length. Pclusters of one fetch are decoded in order: the headroom of each is the end of the one before.
   * Throws 'undecodable'.
   */
  decode(extent: CodedExtent, at: number, dst: Uint8Array, nid: number): void {
    const end = HEADROOM + at + extent.encodedLength;
    let start = HEADROOM + at;
    if (this.#zeroPadding) {
      const limit = Math.min(end, start + this.#image.geometry.blockSize);
      while (start < limit && input[start] === 0) start++;
      if (start === limit) throw undecodable(extent, nid, 'the first block is all zeros');
    }
    this.decodes++;
    try {
      const exact = this.#zeroPadding && !extent.partial;
      codecOf(extent.algorithm).decode(input, start, end, dst, exact);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      throw undecodable(extent, nid, error.message);
    }
  }

  /** Decodes as decode() does, into memory that is kept for the next reader of the same pcluster. */
  decodeAndKeep(extent: CodedExtent, at: number, nid: number): Uint8Array {
    const decoded = this.#decoded?.room?.(extent.length) ?? new Uint8Array(extent.length);
    this.decode(extent, at, decoded, nid);
    this.#decoded?.put(extent.device ?? metadataDevice(extent), extent.offset, decoded);
    return decoded;
  }
}

function inputFor(length: number): Uint8Array {
  if (input.length < HEADROOM + length) input = new Uint8Array(HEADROOM + length);
  return input.subarray(HEADROOM, HEADROOM + length);
}

function metadataDevice(extent: CodedExtent): number {
  return extent.inMetabox ? METABOX_DEVICE : 0;
}

function undecodable(extent: CodedExtent, nid: number, what: string): ErofsError {
  return new ErofsError(
    'undecodable',
    `inode ${nidName(nid)}: pcluster of ${extent.encodedLength} bytes at ${hex(extent.offset)}: ${what}`,
    { nid, offset: extent.offset, device: extent.device ?? 0 },
  );
}
