/** ZSTD frames, of which a longer one's beginning is kept: they can be decoded as a whole only. */
import type { Codec } from './codec.js';
import { CodecError } from './errors.js';
import { PCLUSTER_MAX_DECODED_SIZE } from './layout.js';
import type { FrameDecoder } from './zstd-wasm.js';

const FRAME_MAGIC = 0xfd2fb528;

/** The content size that a frame's header states (RFC 8878, section 3.1.1.1); undefined where it states none. Throws CodecError. */
function contentSize(frame: Uint8Array): number | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (frame.length < 6 || view.getUint32(0, true) !== FRAME_MAGIC) {
    throw new CodecError('no ZSTD frame');
  }
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor >>> 5) & 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const at = 5 + (1 - singleSegment) + dictionaryBytes;
  const kind = descriptor >>> 6;
  if (frame.length < at + (1 << kind)) throw new CodecError('ZSTD frame ends inside its header');
  switch (kind) {
    case 0:
      return singleSegment === 1 ? view.getUint8(at) : undefined;
    case 1:
      return view.getUint16(at, true) + 256;
    case 2:
      return view.getUint32(at, true);
    default:
      return Number(view.getBigUint64(at, true));
  }
}

export function zstdCodec(decodeFrame: FrameDecoder): Codec {
  return {
    decode(source, start, end, dst, exact) {
      const frame = source.subarray(start, end);
      const size = contentSize(frame);
      if (size !== undefined && (size < dst.length || size > PCLUSTER_MAX_DECODED_SIZE)) {
        throw new CodecError(`ZSTD frame of ${size} bytes, expected ${dst.length}`);
      }
      const decoded = decode(decodeFrame, frame, size ?? (exact ? dst.length : PCLUSTER_MAX_DECODED_SIZE));
      if (decoded.length < dst.length) {
        throw new CodecError(`ZSTD frame gives ${decoded.length} of ${dst.length} bytes`);
      }
      dst.set(decoded.length > dst.length ? decoded.subarray(0, dst.length) : decoded);
    },
  };
}

function decode(decodeFrame: FrameDecoder, frame: Uint8Array, limit: number): Uint8Array {
  try {
    return decodeFrame(frame, limit);
  } catch (error) {
    throw new CodecError(`ZSTD frame: ${(error as Error).message}`);
  }
}
