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
const native = loadNative();

/** Whether lz4-napi has loaded. */
export const hasNativeDecoder = native !== undefined;

function loadNative(): UncompressSync | undefined {
  try {
    return (createRequire(import.meta.url)('lz4-napi') as { uncompressSync: UncompressSync }).uncompressSync;
  } catch {
    // No prebuilt binary for this platform: the portable decoder serves alone, slower and as right.
    return undefined;
  }
}

/** false where there is no native decoder or it does not accept the block. */
function decodeNatively(source: Uint8Array, start: number, end: number, dst: Uint8Array): boolean {
  if (native === undefined || start < SIZE_HEADER) return false;
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

/** `system` comes first where it is given. */
export function lz4Codec(system: BlockDecoder | undefined): Codec {
  return {
    decode(source, start, end, dst, exact) {
      if (system?.(source.subarray(start, end), dst, exact)) return;
      if (system === undefined && exact && decodeNatively(source, start, end, dst)) return;
      decodeLz4(source, start, end, dst);
    },
  };
}
