/**
 * A chunk index as its bytes stand in a blob, in two layouts, which their first four bytes tell apart: version 1 of the draft of
 * the EROFS image specification (application/vnd.erofs.chunk-index.v1), and the fixed chunks of the draft before it.
 *
 * LAW: nothing is read of an index before its digest is right, and nothing is allocated for a count before the length fits it.
 */
import { createHash } from 'node:crypto';
import { type ChecksumAlgorithm, ChunkIndex, type ChunkTable } from './chunk-index.js';
import { readFixedChunks } from './fixed-chunks.js';
import { type IndexContext, readOffset, wrong } from './index-context.js';

/** An index that is whole and not for this reader: the layer is read as if it had none. */
export interface IgnoredIndex {
  readonly ignoredBecause: string;
}

const MAGIC = 0x67ece4cd;
const FIXED_CHUNKS_MAGIC = 0xcde4ec67;
const HEADER_SIZE = 32;
/** of an entry, before its checksum */
const OFFSETS_SIZE = 16;
const RESERVED_AT = 22;

const COMPRESSION = { none: 0, zstd: 1 } as const;
const SHA2 = 1;
const SHA2_SIZES: ReadonlyMap<number, ChecksumAlgorithm> = new Map([
  [32, 'sha256'],
  [64, 'sha512'],
]);

/** Throws LayerError 'bad-index'. */
export function parseIndex(payload: Uint8Array, context: IndexContext): ChunkIndex | IgnoredIndex {
  requireDigest(payload, context);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  if (payload.length < 4) throw wrong(context, `it has ${payload.length} bytes`);
  switch (view.getUint32(0, true)) {
    case MAGIC:
      return readVersion1(view, payload, context);
    case FIXED_CHUNKS_MAGIC:
      return usable(readFixedChunks(view, payload, context), context);
    default:
      throw wrong(context, 'it does not begin with the magic number of an index');
  }
}

function readVersion1(view: DataView, payload: Uint8Array, context: IndexContext): ChunkIndex | IgnoredIndex {
  if (payload.length < HEADER_SIZE) throw wrong(context, `it has ${payload.length} bytes, a header has 32`);
  const version = view.getUint8(4);
  if (version !== 1) throw wrong(context, `it is of version ${version}, its media type says 1`);
  const compression = view.getUint8(5);
  if (compression !== COMPRESSION.none && compression !== COMPRESSION.zstd) {
    return { ignoredBecause: `it has compression ${compression}, which is unknown` };
  }
  const flags = view.getUint16(6, true);
  if (flags !== 0) return { ignoredBecause: `it has flags 0x${flags.toString(16)}, which are unknown` };
  if (payload.subarray(RESERVED_AT, HEADER_SIZE).some((byte) => byte !== 0)) {
    throw wrong(context, 'reserved bytes of its header are not zero');
  }
  const isCompressed = compression === COMPRESSION.zstd;
  if (isCompressed !== context.isCompressed) {
    throw wrong(
      context,
      `it says ${isCompressed ? 'compressed' : 'plain'}, the media type of the layer does not`,
    );
  }
  const algorithm = readAlgorithm(view, context);
  return usable(readEntries(view, payload, { algorithm, isCompressed }, context), context);
}

function readAlgorithm(view: DataView, context: IndexContext): ChecksumAlgorithm | undefined {
  const [kind, size] = [view.getUint8(20), view.getUint8(21)];
  const algorithm = kind === SHA2 ? SHA2_SIZES.get(size) : undefined;
  if (algorithm === undefined && (kind !== 0 || size !== 0)) {
    throw wrong(context, `its checksums are of kind ${kind} and ${size} bytes; expected SHA-2 of 32 or 64`);
  }
  return algorithm;
}

function readEntries(
  view: DataView,
  payload: Uint8Array,
  known: Pick<ChunkTable, 'algorithm' | 'isCompressed'>,
  context: IndexContext,
): ChunkTable {
  const size = readOffset(view, 8, context);
  const count = view.getUint32(16, true);
  const checksumSize = view.getUint8(21);
  const entrySize = OFFSETS_SIZE + checksumSize;
  if (payload.length !== HEADER_SIZE + count * entrySize) {
    throw wrong(
      context,
      `it has ${payload.length} bytes, ${count} chunks take ${HEADER_SIZE + count * entrySize}`,
    );
  }
  if ((count === 0) !== (size === 0)) throw wrong(context, `it has ${count} chunks for ${size} bytes`);
  const blockOffsets = new Float64Array(count + 1);
  const unpackedOffsets = new Float64Array(count + 1);
  const checksums = new Uint8Array(count * checksumSize);
  for (let chunk = 0; chunk < count; chunk++) {
    const at = HEADER_SIZE + chunk * entrySize;
    blockOffsets[chunk] = readOffset(view, at, context);
    unpackedOffsets[chunk] = readOffset(view, at + 8, context);
    const checksum = payload.subarray(at + OFFSETS_SIZE, at + entrySize);
    checksums.set(checksum, chunk * checksumSize);
  }
  blockOffsets[count] = context.dataEnd;
  unpackedOffsets[count] = size;
  return { ...known, blockOffsets, unpackedOffsets, checksums };
}

function usable(table: ChunkTable, { name }: IndexContext): ChunkIndex | IgnoredIndex {
  const index = new ChunkIndex(table, name);
  const { obstacle } = index;
  return obstacle === undefined ? index : { ignoredBecause: obstacle };
}

function requireDigest(payload: Uint8Array, context: IndexContext): void {
  const [algorithm = ''] = context.digest.split(':', 1);
  const found = `${algorithm}:${createHash(algorithm).update(payload).digest('hex')}`;
  if (found !== context.digest)
    throw wrong(context, `its digest is ${found}, the image says ${context.digest}`);
}
