/** The compression configurations behind the superblock: values within what the format allows (erofs-format §3). */
import { roundUp } from '../erofs-reader/bytes.js';
import {
  Algorithm,
  FEATURE_INCOMPAT,
  PCLUSTER_MAX_SIZE,
  SUPERBLOCK_EXTENSION_SIZE,
  SUPERBLOCK_OFFSET,
  SUPERBLOCK_SIZE,
} from '../erofs-reader/layout.js';
import { WHOLE_IMAGE } from './finding.js';
import type { Session } from './session.js';

const MAX_DICTIONARY = 8 << 20;
/** 0 stands for the decoder's own default */
const MAX_DEFLATE_BITS = 15;
const MAX_ZSTD_BITS = 20;

export async function checkCompression(session: Session): Promise<void> {
  const { image } = session;
  const { featureIncompat, algorithms, extensionSlots, blockSize } = image.geometry;
  if (!(featureIncompat & FEATURE_INCOMPAT.COMPR_CFGS)) return;
  let at = SUPERBLOCK_OFFSET + SUPERBLOCK_SIZE + extensionSlots * SUPERBLOCK_EXTENSION_SIZE;
  for (let algorithm = 0; algorithms >>> algorithm !== 0; algorithm++) {
    if (!(algorithms & (1 << algorithm))) continue;
    const offset = roundUp(at, 4);
    const checked = await session.attempt('compression-config', WHOLE_IMAGE, () => {
      const length = image.bytes.view(0, offset, 2).getUint16(0, true);
      const problem = problemOf(algorithm, image.bytes.view(0, offset + 2, length), blockSize);
      return { length, problem };
    });
    if (checked === undefined) return;
    const { length, problem } = checked;
    if (problem !== undefined) session.findings.add('compression-config', WHOLE_IMAGE, problem, offset);
    at = offset + 2 + length;
  }
}

/** `record` is the payload, whose least length the reader has checked. */
function problemOf(algorithm: number, record: DataView, blockSize: number): string | undefined {
  switch (algorithm) {
    case Algorithm.LZ4: {
      const bytes = record.getUint16(2, true) * blockSize;
      if (bytes <= PCLUSTER_MAX_SIZE) return undefined;
      return `LZ4 configuration: pclusters of ${bytes} bytes, expected at most ${PCLUSTER_MAX_SIZE}`;
    }
    case Algorithm.LZMA: {
      const dictionary = record.getUint32(0, true);
      const format = record.getUint16(4, true);
      if (dictionary >= 4096 && dictionary <= MAX_DICTIONARY && format === 0) return undefined;
      return `LZMA configuration: dictionary of ${dictionary} bytes, format ${format}; expected 4096 to ${MAX_DICTIONARY}, 0`;
    }
    case Algorithm.DEFLATE: {
      const bits = record.getUint8(0);
      return bits <= MAX_DEFLATE_BITS
        ? undefined
        : `DEFLATE configuration: window of ${bits} bits, expected at most ${MAX_DEFLATE_BITS}`;
    }
    default: {
      const format = record.getUint8(0);
      const bits = record.getUint8(1) + 10;
      if (format === 0 && bits <= MAX_ZSTD_BITS) return undefined;
      return `ZSTD configuration: format ${format}, window of ${bits} bits; expected 0, at most ${MAX_ZSTD_BITS}`;
    }
  }
}
