/** What the compression configuration area tells of each algorithm, for people: decoding needs none of it (erofs-format §3). */
import { type ByteView, roundUp } from './bytes.js';
import {
  ALGORITHM_NAMES,
  Algorithm,
  FEATURE_INCOMPAT,
  SUPERBLOCK_EXTENSION_SIZE,
  SUPERBLOCK_OFFSET,
  SUPERBLOCK_SIZE,
} from './layout.js';
import type { Geometry } from './superblock.js';

export interface CompressionRecord {
  readonly algorithm: (typeof ALGORITHM_NAMES)[number];
  /** bytes that a match may reach back: the distance of LZ4, the dictionary of LZMA, the window of the others */
  readonly window: number;
  /** LZ4: bytes of the largest pcluster, which the others do not tell */
  readonly maxPcluster: number | undefined;
}

const LZ4_DISTANCE_FIELD = 0x54;
/** in either field 0 stands for this */
const LZ4_MAX_DISTANCE = 0xffff;
/** the windowlog of ZSTD counts from here */
const ZSTD_MIN_WINDOW_LOG = 10;

/** In the order of the algorithms' numbers; empty for an image without compression. Throws Miss. */
export function readCompressionRecords(bytes: ByteView, geometry: Geometry): CompressionRecord[] {
  const { algorithms, blockSize, extensionSlots, featureIncompat } = geometry;
  if (!(featureIncompat & FEATURE_INCOMPAT.COMPR_CFGS)) {
    if (algorithms === 0) return [];
    const distance = bytes.view(0, SUPERBLOCK_OFFSET + LZ4_DISTANCE_FIELD, 2).getUint16(0, true);
    return [{ algorithm: 'LZ4', window: distance || LZ4_MAX_DISTANCE, maxPcluster: blockSize }];
  }
  const records: CompressionRecord[] = [];
  let at = SUPERBLOCK_OFFSET + SUPERBLOCK_SIZE + extensionSlots * SUPERBLOCK_EXTENSION_SIZE;
  for (const algorithm of Object.values(Algorithm)) {
    if (!(algorithms & (1 << algorithm))) continue;
    at = roundUp(at, 4);
    const length = bytes.view(0, at, 2).getUint16(0, true);
    records.push(decode(algorithm, bytes.view(0, at + 2, length), blockSize));
    at += 2 + length;
  }
  return records;
}

/** `payload` is as long as readCompressionConfigs made sure when the image was opened. */
function decode(algorithm: Algorithm, payload: DataView, blockSize: number): CompressionRecord {
  const name = ALGORITHM_NAMES[algorithm];
  switch (algorithm) {
    case Algorithm.LZ4:
      return {
        algorithm: name,
        window: payload.getUint16(0, true) || LZ4_MAX_DISTANCE,
        maxPcluster: (payload.getUint16(2, true) || 1) * blockSize,
      };
    case Algorithm.LZMA:
      return { algorithm: name, window: payload.getUint32(0, true), maxPcluster: undefined };
    case Algorithm.DEFLATE:
      return { algorithm: name, window: 2 ** payload.getUint8(0), maxPcluster: undefined };
    case Algorithm.ZSTD: {
      const window = 2 ** (payload.getUint8(1) + ZSTD_MIN_WINDOW_LOG);
      return { algorithm: name, window, maxPcluster: undefined };
    }
  }
}
