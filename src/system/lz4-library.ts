/**
 * The system's liblz4, which Debian, Fedora, Alpine and the like install for their own tools.
 *
 * It decodes into the memory where the bytes belong, and stops where it is told to. lz4-napi allocates what it returns, from which
 * they are copied: it takes twice the processor time (128 KiB: 0.5 to 0.8 GB/s, this 1.1 to 1.4), and a daemon that reads
 * 256 MiB with it stands at 290 MB, with this at 190.
 */
import { loadNativeLibrary } from './native-library.js';

/** Fills dst from a block; `exact`: the block ends there, too. false where it does not decode to so many bytes. */
export type Lz4Decoder = (block: Uint8Array, dst: Uint8Array, exact: boolean) => boolean;

let found: { readonly decoder: Lz4Decoder | undefined } | undefined;

/** undefined where there is no such library, or no koffi to call it. */
export function systemLz4(): Lz4Decoder | undefined {
  found ??= { decoder: bind() };
  return found.decoder;
}

function bind(): Lz4Decoder | undefined {
  try {
    const library = loadNativeLibrary('liblz4.so.1');
    const whole = library.func('int LZ4_decompress_safe(const void *, void *, int, int)');
    const part = library.func('int LZ4_decompress_safe_partial(const void *, void *, int, int, int)');
    return (block, dst, exact) => {
      const { length } = dst;
      const decoded = exact
        ? whole(block, dst, block.length, length)
        : part(block, dst, block.length, length, length);
      return decoded === length;
    };
  } catch {
    // Other decoders are as right, and slower.
    return undefined;
  }
}
