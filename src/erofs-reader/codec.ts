/** Which codec decodes which algorithm; one codec a file, loaded when the first image needs it. */
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

/** Fills dst from a block; `exact`: the block ends there, too. false where it does not decode to so many bytes. */
export type BlockDecoder = (block: Uint8Array, dst: Uint8Array, exact: boolean) => boolean;

/** How each codec comes: one that no image needs is not loaded. */
export type CodecLoaders = Readonly<Record<Algorithm, () => Promise<Codec>>>;

const loaded = new Map<Algorithm, Codec>();

/**
 * Makes the codecs of `algorithms` (bit a set: algorithm a) ready for codecOf. Throws 'unsupported', naming the
 * algorithm, where one cannot be loaded.
 */
export async function loadCodecsBy(algorithms: number, loaders: CodecLoaders): Promise<void> {
  for (const algorithm of Object.values(Algorithm)) {
    if (!(algorithms & (1 << algorithm)) || loaded.has(algorithm)) continue;
    try {
      loaded.set(algorithm, await loaders[algorithm]());
    } catch (error) {
      throw new ErofsError(
        'unsupported',
        `the image is compressed with ${ALGORITHM_NAMES[algorithm]}, whose decoder cannot be loaded: ${(error as Error).message}; install erofsjs again`,
        {},
        { cause: error },
      );
    }
  }
}

/** Throws 'unsupported' where loadCodecsBy was not called for the image. */
export function codecOf(algorithm: Algorithm): Codec {
  const codec = loaded.get(algorithm);
  if (codec === undefined) {
    throw new ErofsError('unsupported', `the decoder of ${ALGORITHM_NAMES[algorithm]} has not been loaded`);
  }
  return codec;
}
