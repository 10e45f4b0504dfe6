/** The compression configuration area behind the superblock (erofs-format §3). */
import { type ByteView, hex, roundUp } from './bytes.js';
import { corrupt, ErofsError } from './errors.js';
import { ALGORITHM_NAMES, FEATURE_INCOMPAT } from './layout.js';

/** Payload bytes of each algorithm's record; newer tools may append. */
const MIN_PAYLOAD = [14, 14, 6, 6] as const;

/**
 * The bitmap of declared algorithms; 0 for an image without compression.
 * `algorithmsOrDistance` is the u16 at 0x54, which means lz4_max_distance where there are no configurations.
 * Throws 'unsupported' for an algorithm that the format does not know, 'corrupt' for a bad record.
 */
export function readCompressionConfigs(
  bytes: ByteView,
  offset: number,
  algorithmsOrDistance: number,
  featureIncompat: number,
): number {
  if (!(featureIncompat & FEATURE_INCOMPAT.COMPR_CFGS)) {
    return algorithmsOrDistance !== 0 || featureIncompat & FEATURE_INCOMPAT.ZERO_PADDING ? 1 : 0;
  }
  const unknown = algorithmsOrDistance & ~((1 << ALGORITHM_NAMES.length) - 1);
  if (unknown !== 0) {
    throw new ErofsError('unsupported', `superblock: unknown compression algorithms, bits ${hex(unknown)}`);
  }
  let at = offset;
  for (let algorithm = 0; algorithm < ALGORITHM_NAMES.length; algorithm++) {
    if (!(algorithmsOrDistance & (1 << algorithm))) continue;
    at = roundUp(at, 4);
    const length = bytes.view(0, at, 2).getUint16(0, true);
    if (length < MIN_PAYLOAD[algorithm]!) {
      throw corrupt(
        `${ALGORITHM_NAMES[algorithm]} configuration: ${length} bytes, expected ${MIN_PAYLOAD[algorithm]}`,
        { offset: at },
      );
    }
    at += 2 + length;
  }
  return algorithmsOrDistance;
}
