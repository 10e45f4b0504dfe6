/**
 * From the bytes of one chunk as they lie in a blob to its unpacked ones, or to the word for what is wrong with them.
 *
 * LAW: a checksum is held against the bytes before anything else looks at them; a chunk gives exactly as many bytes as its index
 * says, and no more than these are ever allocated for it.
 */
import { createHash } from 'node:crypto';
import type { FrameDecoder } from '../erofs-reader/zstd.js';
import type { ChunkIndex } from './chunk-index.js';
import { frameLength, isAllSkippable } from './zstd-frame.js';

export class ChunkDecoder {
  readonly #index: ChunkIndex;
  readonly #decode: FrameDecoder | undefined;

  private constructor(index: ChunkIndex, decode: FrameDecoder | undefined) {
    this.#index = index;
    this.#decode = decode;
  }

  static async for(index: ChunkIndex): Promise<ChunkDecoder> {
    if (!index.isCompressed) return new ChunkDecoder(index, undefined);
    const { frameDecoder } = await import('../erofs-reader/zstd.js');
    return new ChunkDecoder(index, await frameDecoder());
  }

  /** The unpacked bytes, which may be those that were given; or what is wrong with these. */
  unpack(chunk: number, packed: Uint8Array): Uint8Array | string {
    // behind the last frame there may be padding, which may or may not count as the chunk's
    const frame = this.#decode === undefined ? packed : packed.subarray(0, frameLength(packed));
    const isRight = this.#isRight(chunk, packed) || (frame !== packed && this.#isRight(chunk, frame));
    if (!isRight) return 'they have another checksum';
    if (this.#decode === undefined) return packed;
    if (!isAllSkippable(packed.subarray(frame.length))) return 'they are more than one ZSTD frame';
    const length = this.#index.unpackedLength(chunk);
    try {
      const unpacked = this.#decode(frame, length);
      if (unpacked.length === length) return unpacked;
    } catch {
      // the decoder's words say less than the numbers below
    }
    return `they are no ZSTD frame of ${length} bytes`;
  }

  #isRight(chunk: number, packed: Uint8Array): boolean {
    const { algorithm } = this.#index;
    if (algorithm === undefined) return true;
    return createHash(algorithm).update(packed).digest().equals(this.#index.checksum(chunk));
  }
}
