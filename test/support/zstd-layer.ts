/**
 * Layers as registries have them: an image in chunks, with a chunk index, packed or not; and ZSTD frames for that, which need
 * no compressor, for their blocks are raw, or of one byte.
 */
import { createHash } from 'node:crypto';

/** Bytes of a block at most: RFC 8878, section 3.1.1.2.4. */
const BLOCK_SIZE = 128 << 10;
const RAW = 0;
const OF_ONE_BYTE = 1;

/** One frame with raw blocks, which states its size. */
export function zstdFrame(content: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < content.length; at += BLOCK_SIZE) {
    const piece = content.subarray(at, at + BLOCK_SIZE);
    blocks.push(blockHeader(RAW, piece.length, at + BLOCK_SIZE >= content.length), piece);
  }
  return Buffer.concat([frameHeader(content.length), ...blocks]);
}

/** One frame of `blocks` blocks, each of 128 KiB of one byte. It states `stated` bytes, or nothing of its size. */
export function zstdBomb(blocks: number, stated?: number): Uint8Array {
  const header = stated === undefined ? Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x38) : frameHeader(stated);
  const parts: Uint8Array[] = [header];
  for (let block = 1; block <= blocks; block++) {
    parts.push(blockHeader(OF_ONE_BYTE, BLOCK_SIZE, block === blocks), Uint8Array.of(0));
  }
  return Buffer.concat(parts);
}

export function skippableFrame(payload: Uint8Array, kind = 0): Uint8Array {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(0x184d2a50 + kind, 0);
  header.writeUInt32LE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** A single segment, whose size has 8 bytes. */
function frameHeader(size: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32LE(0xfd2fb528, 0);
  header.writeUInt8(0xe0, 4);
  header.writeBigUInt64LE(BigInt(size), 5);
  return header;
}

function blockHeader(kind: number, size: number, isLast: boolean): Uint8Array {
  const word = (size << 3) | (kind << 1) | Number(isLast);
  return Uint8Array.of(word & 0xff, (word >>> 8) & 0xff, word >>> 16);
}

export const sha = (algorithm: 'sha256' | 'sha512', bytes: Uint8Array): Buffer =>
  createHash(algorithm).update(bytes).digest();

export const digestOf = (bytes: Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha256'): string =>
  `${algorithm}:${sha(algorithm, bytes).toString('hex')}`;

export interface LayerShape {
  /** unpacked bytes of each chunk but the last; several are used in turn */
  readonly chunkSizes: readonly number[];
  readonly checksums?: 'sha256' | 'sha512' | undefined;
  readonly isCompressed?: boolean;
  /** bytes of a skippable frame between the last chunk and the index */
  readonly padding?: number;
  /** version 1; or the layouts of the draft before, by the size of their headers */
  readonly layout?: 'version-1' | 'fixed-23' | 'fixed-24';
  /** the index has a blob of its own, as it stands there */
  readonly isStandalone?: boolean;
  /** how a chunk is packed */
  readonly pack?: (chunk: Uint8Array) => Uint8Array;
}

export interface IndexedLayer {
  readonly blob: Uint8Array;
  /** the payload */
  readonly index: Uint8Array;
  /** byte of the blob, or of the index's own */
  readonly indexOffset: number;
  readonly indexDigest: string;
  /** byte of the blob, one a chunk */
  readonly blockOffsets: readonly number[];
  readonly unpackedOffsets: readonly number[];
}

/** An image as a layer with a chunk index. */
export function indexedLayer(image: Uint8Array, shape: LayerShape): IndexedLayer {
  const { chunkSizes, isCompressed = true, padding = 0, isStandalone = false, layout = 'version-1' } = shape;
  const pack = shape.pack ?? (isCompressed ? zstdFrame : (chunk: Uint8Array) => chunk);
  const chunks: Uint8Array[] = [];
  const blockOffsets: number[] = [];
  const unpackedOffsets: number[] = [];
  let length = 0;
  for (let at = 0; at < image.length; at += chunkSizes[(chunks.length - 1) % chunkSizes.length]!) {
    const packed = pack(image.subarray(at, at + chunkSizes[chunks.length % chunkSizes.length]!));
    blockOffsets.push(length);
    unpackedOffsets.push(at);
    chunks.push(packed);
    length += packed.length;
  }
  const index =
    layout === 'version-1'
      ? version1(image.length, chunks, { ...shape, isCompressed, blockOffsets, unpackedOffsets })
      : fixedChunks(image.length, chunks, { ...shape, blockOffsets });
  const pad = padding === 0 ? [] : [skippableFrame(new Uint8Array(padding), 1)];
  const data = Buffer.concat([...chunks, ...pad]);
  const framed = isCompressed && !isStandalone ? skippableFrame(index) : index;
  return {
    blob: new Uint8Array(isStandalone ? data : Buffer.concat([data, framed])),
    index,
    indexOffset: isStandalone ? 0 : data.length,
    indexDigest: digestOf(index),
    blockOffsets,
    unpackedOffsets,
  };
}

interface Offsets {
  readonly checksums?: 'sha256' | 'sha512' | undefined;
  readonly blockOffsets: readonly number[];
}

function version1(
  size: number,
  chunks: readonly Uint8Array[],
  {
    checksums,
    isCompressed,
    blockOffsets,
    unpackedOffsets,
  }: Offsets & Pick<LayerShape, 'isCompressed'> & { readonly unpackedOffsets: readonly number[] },
): Uint8Array {
  const header = Buffer.alloc(32);
  header.set([0xcd, 0xe4, 0xec, 0x67, 1, isCompressed === true ? 1 : 0]);
  header.writeBigUInt64LE(BigInt(size), 8);
  header.writeUInt32LE(chunks.length, 16);
  header.writeUInt8(checksums === undefined ? 0 : 1, 20);
  header.writeUInt8({ none: 0, sha256: 32, sha512: 64 }[checksums ?? 'none'], 21);
  const entries = chunks.flatMap((chunk, i) => {
    const entry = Buffer.alloc(16);
    entry.writeBigUInt64LE(BigInt(blockOffsets[i]!), 0);
    entry.writeBigUInt64LE(BigInt(unpackedOffsets[i]!), 8);
    return checksums === undefined ? [entry] : [entry, sha(checksums, chunk)];
  });
  return Buffer.concat([header, ...entries]);
}

function fixedChunks(
  size: number,
  chunks: readonly Uint8Array[],
  { checksums, blockOffsets, layout, chunkSizes }: Offsets & LayerShape,
): Uint8Array {
  const header = Buffer.alloc(layout === 'fixed-23' ? 23 : 24);
  header.writeUInt32LE(0xcde4ec67, 0);
  header.writeUInt32LE(1, 4);
  header.writeBigUInt64LE(BigInt(size), 8);
  header.writeUInt32LE(chunkSizes[0]!, 16);
  header.writeUInt8(checksums === undefined ? 0 : 1, 20);
  if (layout === 'fixed-24') header.writeUInt8({ none: 0, sha256: 32, sha512: 64 }[checksums ?? 'none'], 21);
  const entries = chunks.flatMap((chunk, i) => {
    const entry = Buffer.alloc(8);
    entry.writeBigUInt64LE(BigInt(blockOffsets[i]!), 0);
    return checksums === undefined ? [entry] : [entry, sha(checksums, chunk)];
  });
  return Buffer.concat([header, ...entries]);
}
