/** Raw DEFLATE through node:zlib, which decodes streams to their end only: of a longer one the beginning is kept. */
import { constants, inflateRawSync } from 'node:zlib';
import type { Codec } from './codec.js';
import { CodecError } from './errors.js';
import { PCLUSTER_MAX_DECODED_SIZE } from './layout.js';

/** zlib fills buffers of this many bytes one after the other; one buffer alone saves a copy. */
const MAX_CHUNK = 1 << 20;

/** Throws CodecError; undefined where the stream makes more than `limit` bytes. */
function inflate(stream: Uint8Array, limit: number): Uint8Array | undefined {
  try {
    return inflateRawSync(stream, {
      chunkSize: Math.max(constants.Z_MIN_CHUNK, Math.min(MAX_CHUNK, limit)),
      maxOutputLength: limit,
      // A stream without its last block is legal where an extent takes only a part of it.
      finishFlush: constants.Z_SYNC_FLUSH,
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw new CodecError(`DEFLATE stream: ${message}`);
  }
}

export const codec: Codec = {
  decode(source, start, end, dst, exact) {
    const stream = source.subarray(start, end);
    const decoded =
      (exact ? inflate(stream, dst.length) : undefined) ?? inflate(stream, PCLUSTER_MAX_DECODED_SIZE);
    if (decoded === undefined) {
      throw new CodecError(`DEFLATE stream makes more than ${PCLUSTER_MAX_DECODED_SIZE} bytes`);
    }
    if (decoded.length < dst.length) {
      throw new CodecError(`DEFLATE stream ends after ${decoded.length} of ${dst.length} bytes`);
    }
    dst.set(decoded.length > dst.length ? decoded.subarray(0, dst.length) : decoded);
  },
};
