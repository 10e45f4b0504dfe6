/** Which codec decodes which algorithm; one codec a file. */
import { lz4 } from './codec-lz4.js';
import { ErofsError } from './errors.js';
import { ALGORITHM_NAMES, Algorithm } from './layout.js';

export interface Codec {
  /**
   * Decodes source[start .. end), one pcluster without its padding, until dst is full.
   *
   * `exact` says that the pcluster holds no more than dst.length decoded bytes; otherwise decoding stops there.
   * source[start - 4 .. start) is free for the codec to write to. Throws CodecError; dst is then undefined.
   */
  decode(source: Uint8Array, start: number, end: number, dst: Uint8Array, exact: boolean): void;
}

/** Throws 'unsupported', naming the algorithm, where this build has no decoder. */
export function codecOf(algorithm: number): Codec {
  const codec = algorithm === Algorithm.LZ4 ? lz4 : undefined;
  if (codec === undefined) {
    const name = ALGORITHM_NAMES[algorithm] ?? `number ${algorithm}`;
    throw new ErofsError(
      'unsupported',
      `the image is compressed with ${name}, which this version cannot decode`,
    );
  }
  return codec;
}
