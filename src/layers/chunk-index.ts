/**
 * The chunks of a blob, read from an index: where each lies in the blob, which unpacked bytes it has, and its checksum.
 *
 * Chunks cover the unpacked bytes without holes and in order. In a compressed blob they lie one behind the other, each one ZSTD
 * frame; otherwise each lies as long as it is, anywhere before the end of the data.
 */
import { LayerError } from './layer-error.js';

export type ChecksumAlgorithm = 'sha256' | 'sha512';

/** What an index says, one number a chunk, and one more at the end for what follows the last one. */
export interface ChunkTable {
  readonly isCompressed: boolean;
  /** undefined: chunks have no checksums */
  readonly algorithm: ChecksumAlgorithm | undefined;
  /** bytes of the blob before a chunk; the last entry is where the data ends */
  readonly blockOffsets: Float64Array;
  /** unpacked bytes before a chunk; the last entry is the unpacked size */
  readonly unpackedOffsets: Float64Array;
  /** of the bytes in the blob, of the chunks one behind the other */
  readonly checksums: Uint8Array;
}

/**
 * Bytes of one chunk, packed or not: it is held in memory whole. A ZSTD frame may be longer than what it unpacks to by a
 * header and 3 bytes for each 128 KiB.
 */
export const LARGEST_CHUNK = 64 << 20;
const FRAME_OVERHEAD = 64 << 10;

export class ChunkIndex {
  readonly count: number;
  /** unpacked bytes */
  readonly size: number;
  readonly isCompressed: boolean;
  readonly algorithm: ChecksumAlgorithm | undefined;
  readonly #table: ChunkTable;
  readonly #checksumSize: number;

  /** Throws LayerError 'bad-index' where offsets are not as told above; `name` begins the message. */
  constructor(table: ChunkTable, name: string) {
    const { blockOffsets, unpackedOffsets, checksums } = table;
    this.count = unpackedOffsets.length - 1;
    this.size = unpackedOffsets[this.count]!;
    this.isCompressed = table.isCompressed;
    this.algorithm = table.algorithm;
    this.#table = table;
    this.#checksumSize = this.count === 0 ? 0 : checksums.length / this.count;
    const dataEnd = blockOffsets[this.count]!;
    for (let chunk = 0; chunk < this.count; chunk++) {
      const unpacked = this.unpackedOffset(chunk);
      const isOrdered = chunk > 0 || unpacked === 0;
      if (isOrdered && this.unpackedLength(chunk) > 0 && this.#liesWithin(chunk, dataEnd)) continue;
      throw new LayerError(
        'bad-index',
        `${name}: chunk ${chunk} of ${this.count} is said to have ${this.unpackedLength(chunk)} bytes from unpacked byte ${unpacked} on, and to lie in ${this.blockLength(chunk)} from byte ${this.blockOffset(chunk)} on; expected chunks without holes that end before byte ${dataEnd}; the image has to be made anew`,
      );
    }
  }

  /** Why its chunks cannot be read one by one here, undefined where they can. */
  get obstacle(): string | undefined {
    for (let chunk = 0; chunk < this.count; chunk++) {
      const [packed, unpacked] = [this.blockLength(chunk), this.unpackedLength(chunk)];
      if (unpacked > LARGEST_CHUNK || packed > LARGEST_CHUNK + FRAME_OVERHEAD) {
        return `chunk ${chunk} has ${Math.max(packed, unpacked)} bytes, and ${LARGEST_CHUNK} are held in memory at most`;
      }
    }
    return undefined;
  }

  blockOffset(chunk: number): number {
    return this.#table.blockOffsets[chunk]!;
  }

  blockLength(chunk: number): number {
    return this.isCompressed
      ? this.blockOffset(chunk + 1) - this.blockOffset(chunk)
      : this.unpackedLength(chunk);
  }

  unpackedOffset(chunk: number): number {
    return this.#table.unpackedOffsets[chunk]!;
  }

  unpackedLength(chunk: number): number {
    return this.unpackedOffset(chunk + 1) - this.unpackedOffset(chunk);
  }

  /** Of its bytes in the blob; empty where chunks have none. */
  checksum(chunk: number): Uint8Array {
    const at = chunk * this.#checksumSize;
    return this.#table.checksums.subarray(at, at + this.#checksumSize);
  }

  /** The chunk with an unpacked byte, which is one of them. */
  chunkAt(offset: number): number {
    let low = 0;
    for (let high = this.count; high - low > 1; ) {
      const middle = (low + high) >>> 1;
      if (this.unpackedOffset(middle) <= offset) low = middle;
      else high = middle;
    }
    return low;
  }

  #liesWithin(chunk: number, dataEnd: number): boolean {
    const length = this.blockLength(chunk);
    return length > 0 && this.blockOffset(chunk) + length <= dataEnd;
  }
}
