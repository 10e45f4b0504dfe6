/**
 * The chunk index of the draft before version 1, of chunks of one size (dev.containerd.erofs.zstd.*): always of a compressed blob.
 *
 * It was written in two ways. In the later one the header has 23 bytes, and checksums are of SHA-512; in the one before, 24, and
 * the checksum's size stands before the reserved bytes. The length of the whole tells which.
 */
import type { ChecksumAlgorithm, ChunkTable } from './chunk-index.js';
import { type IndexContext, readOffset, wrong } from './index-context.js';

interface Header {
  readonly size: number;
  readonly algorithm: ChecksumAlgorithm | undefined;
  readonly checksumSize: number;
}

const SMALLEST_HEADER = 23;
const OFFSET_SIZE = 8;

/** Throws LayerError 'bad-index'. */
export function readFixedChunks(view: DataView, payload: Uint8Array, context: IndexContext): ChunkTable {
  if (payload.length < SMALLEST_HEADER) throw wrong(context, `it has ${payload.length} bytes`);
  const version = view.getUint32(4, true);
  if (version !== 1) throw wrong(context, `it is of version ${version}; expected 1`);
  if (!context.isCompressed) throw wrong(context, 'it is of a compressed layer, and this one is not');
  const size = readOffset(view, 8, context);
  const chunkSize = view.getUint32(16, true);
  if (chunkSize === 0) throw wrong(context, 'its chunks have no bytes');
  const count = Math.ceil(size / chunkSize);
  const header = headers(payload).find(
    (header) => payload.length === header.size + count * (OFFSET_SIZE + header.checksumSize),
  );
  if (header === undefined) {
    throw wrong(context, `it has ${payload.length} bytes, which are not those of ${count} chunks`);
  }
  const { algorithm, checksumSize } = header;
  const blockOffsets = new Float64Array(count + 1);
  const checksums = new Uint8Array(count * checksumSize);
  for (let chunk = 0; chunk < count; chunk++) {
    const at = header.size + chunk * (OFFSET_SIZE + checksumSize);
    blockOffsets[chunk] = readOffset(view, at, context);
    checksums.set(payload.subarray(at + OFFSET_SIZE, at + OFFSET_SIZE + checksumSize), chunk * checksumSize);
  }
  blockOffsets[count] = context.dataEnd;
  const unpackedOffsets = Float64Array.from({ length: count + 1 }, (_, chunk) =>
    Math.min(size, chunk * chunkSize),
  );
  return { isCompressed: true, algorithm, blockOffsets, unpackedOffsets, checksums };
}

/** Those that the bytes may begin with. */
function headers(payload: Uint8Array): Header[] {
  const [kind, size, ...reserved] = payload.subarray(20, 24);
  const found: Header[] = [];
  if (size === 0 && reserved[0] === 0) {
    if (kind === 0) found.push({ size: 23, algorithm: undefined, checksumSize: 0 });
    if (kind === 1) found.push({ size: 23, algorithm: 'sha512', checksumSize: 64 });
  }
  if (reserved.length === 2 && reserved.every((byte) => byte === 0)) {
    if (kind === 0 && size === 0) found.push({ size: 24, algorithm: undefined, checksumSize: 0 });
    if (kind === 1 && size === 32) found.push({ size: 24, algorithm: 'sha256', checksumSize: 32 });
    if (kind === 1 && size === 64) found.push({ size: 24, algorithm: 'sha512', checksumSize: 64 });
  }
  return found;
}
