/**
 * The index file of a blob: a header, and a page for each region: when it was last used, and a record for each chunk.
 *
 * A record is a seal and the CRC-32 of each of the chunk's blocks; the seal is over these, the chunk's number and the index's
 * generation. A chunk is here exactly where its seal is right: that is its bit. So a record that was written in part is
 * none, and neither are zeros. The header is little-endian, all else in the machine's order: another machine's records
 * have no right seal.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { SharedBlob } from './shared-blob.js';

const MAGIC = 0x4b435245;
const VERSION = 1;

export const HEADER_SIZE = 4096;
/** Chunks that are looked up, last used and evicted together: 4 MiB of a blob in chunks of 64 KiB. */
export const REGION_CHUNKS = 64;

/** Blocks of a chunk that have a checksum each, so that a part can be read without the whole; fewer of less than 4 KiB. */
const MOST_BLOCKS = 8;
/** Of the index: one block of most file systems, so that noting a use leaves room for the records on a disk that fills up. */
const PAGE_SIZE = 4096;
const WORD_SIZE = 4;
const DIGEST_SIZE = 32;
const DIGEST_AT = 24;
const NAME_LENGTH_AT = 56;
const NAME_AT = 58;
const CRC_AT = HEADER_SIZE - 4;
const SMALLEST_CHUNK = 4096;
const LARGEST_CHUNK = 4 * 2 ** 20;

export interface BlobIdentity {
  /** name and version: two blobs with one id have the same bytes */
  readonly id: string;
  /** what people call it, without secrets */
  readonly name: string;
  /** bytes */
  readonly size: number;
  /** of another store of it in this process: what that has written is here before it is durable */
  readonly shared?: SharedBlob | undefined;
}

export interface IndexHeader {
  /** bytes, a power of two from 4 KiB to 4 MiB */
  readonly chunkSize: number;
  /** bytes of the blob */
  readonly size: number;
  /** random: an index that took the place of another has other seals */
  readonly generation: number;
  /** SHA-256 of the blob's id */
  readonly digest: Uint8Array;
  /** the blob's, cut off after 4 KB */
  readonly name: string;
}

/** The folder of a blob; another version of this layout is another folder. */
export function blobKey(id: string): string {
  return createHash('sha256').update(`${VERSION}\0${id}`).digest('hex').slice(0, 40);
}

export function isChunkSize(bytes: number): boolean {
  return bytes >= SMALLEST_CHUNK && bytes <= LARGEST_CHUNK && Number.isInteger(Math.log2(bytes));
}

export function isHeaderOf(header: IndexHeader, { id, size }: BlobIdentity): boolean {
  return header.size === size && Buffer.compare(header.digest, idDigest(id)) === 0;
}

export function encodeHeader(blob: BlobIdentity, chunkSize: number, generation: number): Uint8Array {
  const header = Buffer.alloc(HEADER_SIZE);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(VERSION, 4);
  header.writeUInt32LE(chunkSize, 8);
  header.writeUInt32LE(generation, 12);
  header.writeBigUInt64LE(BigInt(blob.size), 16);
  header.set(idDigest(blob.id), DIGEST_AT);
  const length = header.subarray(NAME_AT, CRC_AT).write(blob.name, 'utf8');
  header.writeUInt16LE(length, NAME_LENGTH_AT);
  header.writeUInt32LE(crc32(header.subarray(0, CRC_AT)), CRC_AT);
  return header;
}

/** undefined for bytes that are no header of this version, or a damaged one. */
export function decodeHeader(bytes: Buffer): IndexHeader | undefined {
  if (bytes.length !== HEADER_SIZE) return undefined;
  if (bytes.readUInt32LE(CRC_AT) !== crc32(bytes.subarray(0, CRC_AT))) return undefined;
  if (bytes.readUInt32LE(0) !== MAGIC || bytes.readUInt32LE(4) !== VERSION) return undefined;
  const nameLength = bytes.readUInt16LE(NAME_LENGTH_AT);
  return {
    chunkSize: bytes.readUInt32LE(8),
    generation: bytes.readUInt32LE(12),
    size: Number(bytes.readBigUInt64LE(16)),
    digest: Uint8Array.from(bytes.subarray(DIGEST_AT, DIGEST_AT + DIGEST_SIZE)),
    name: bytes.toString('utf8', NAME_AT, NAME_AT + nameLength),
  };
}

/** The seal of a record, never 0. Multiplying and folding spread each bit of it over all. */
export function sealOf(record: Uint32Array, chunk: number, generation: number): number {
  let mixed = Math.imul(chunk ^ generation, 0x9e3779b1);
  for (let i = 1; i < record.length; i++) {
    mixed = Math.imul(mixed ^ (mixed >>> 15) ^ record[i]!, 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  }
  return (mixed ^ (mixed >>> 16)) >>> 0 || 1;
}

export function isSameRecord(one: Uint32Array, other: Uint32Array): boolean {
  return one.every((word, i) => word === other[i]);
}

/** What stands where, in the index and in the data file. */
export class IndexLayout {
  readonly chunkSize: number;
  readonly size: number;
  readonly chunks: number;
  readonly regions: number;
  /** of a chunk; each has its checksum */
  readonly blocks: number;
  /** bytes of a block */
  readonly blockSize: number;
  /** 32-bit words of a record */
  readonly recordWords: number;
  /** bytes of the data of a region */
  readonly regionSize: number;

  constructor({ chunkSize, size }: IndexHeader) {
    this.chunkSize = chunkSize;
    this.size = size;
    this.chunks = Math.ceil(size / chunkSize);
    this.regions = Math.ceil(this.chunks / REGION_CHUNKS);
    this.blocks = Math.min(MOST_BLOCKS, chunkSize / SMALLEST_CHUNK);
    this.blockSize = chunkSize / this.blocks;
    this.recordWords = 1 + this.blocks;
    this.regionSize = REGION_CHUNKS * chunkSize;
  }

  chunkLength(chunk: number): number {
    return Math.min(this.chunkSize, this.size - chunk * this.chunkSize);
  }

  /** `block` counts from the start of the blob. */
  blockLength(block: number): number {
    return Math.min(this.blockSize, this.size - block * this.blockSize);
  }

  regionOf(chunk: number): number {
    return Math.floor(chunk / REGION_CHUNKS);
  }

  /** Of the word that says when a region was last used: seconds since 1970, 0 for never. Its records follow. */
  useAt(region: number): number {
    return HEADER_SIZE + region * PAGE_SIZE;
  }

  recordAt(chunk: number): number {
    const before = 1 + (chunk % REGION_CHUNKS) * this.recordWords;
    return this.useAt(this.regionOf(chunk)) + before * WORD_SIZE;
  }
}

function idDigest(id: string): Uint8Array {
  return createHash('sha256').update(id).digest();
}
