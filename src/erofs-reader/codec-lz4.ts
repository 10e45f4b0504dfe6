/**
 * LZ4 blocks: by the system's library where there is one, else by lz4-napi, and by our own decoder what those refuse.
 *
 * lz4-napi is 4 times as fast as ours but strict: it needs a size in front of the block, decodes no part of one and
 * throws on trailing bytes, all of which legal images have (dedupe; pclusters without 0padding). Our decoder is
 * bounds-checked and has the last word: bytes are undecodable only when it says so.
 */
import { createRequire } from 'node:module';
import type { BlockDecoder, Codec } from './codec.js';
import { decodeLz4 } from './lz4-block.js';

type UncompressSync = (block: Uint8Array) => Uint8Array;

const SIZE_HEADER = 4;

/** Throws where the package has no prebuilt binary for this platform. */
export function loadLz4Napi(): UncompressSync {
  return (createRequire(import.meta.url)('lz4-napi') as { uncompressSync: UncompressSync }).uncompressSync;
}

function findLz4Napi(): UncompressSync | undefined {
  try {
    return loadLz4Napi();
  } catch {
    // the portable decoder serves alone, slower and as right
    return undefined;
  }
}

/** false where it does not accept the block. */
function decodeBy(
  native: UncompressSync,
  source: Uint8Array,
  start: number,
  end: number,
  dst: Uint8Array,
): boolean {
  if (start < SIZE_HEADER) return false;
  const at = start - SIZE_HEADER;
  source[at] = dst.length;
  source[at + 1] = dst.length >>> 8;
  source[at + 2] = dst.length >>> 16;
  source[at + 3] = dst.length >>> 24;
  try {
    const decoded = native(source.subarray(at, end));
    if (decoded.length !== dst.length) return false;
    dst.set(decoded);
    return true;
  } catch {
    return false;
  }
}

/**
 * `findSystem` gives the decoder that comes first, undefined where the system has none. What decodes natively is looked for by the
 * first block: it takes 15 ms, and most of those who open an image decode nothing.
 */
export function lz4Codec(findSystem: () => BlockDecoder | undefined): Codec {
  let isFound = false;
  let system: BlockDecoder | undefined;
  let native: UncompressSync | undefined;
  return {
    decode(source, start, end, dst, exact) {
      if (!isFound) {
        system = findSystem();
        native = system === undefined ? findLz4Napi() : undefined;
        isFound = true;
      }
      if (system?.(source.subarray(start, end), dst, exact)) return;
      if (native !== undefined && exact && decodeBy(native, source, start, end, dst)) return;
      decodeLz4(source, start, end, dst);
    },
  };
}
