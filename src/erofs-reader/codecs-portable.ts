/** Codecs that need nothing but the language and WebAssembly: those of browsers. */
import type { CodecLoaders } from './codec.js';
import { Algorithm } from './layout.js';

export const PORTABLE_CODECS: CodecLoaders = {
  [Algorithm.LZ4]: async () => ({ decode: (await import('./lz4-block.js')).decodeLz4 }),
  [Algorithm.LZMA]: async () => (await import('./codec-lzma.js')).codec,
  [Algorithm.DEFLATE]: async () => (await import('./codec-deflate-portable.js')).codec,
  [Algorithm.ZSTD]: async () => {
    const [{ zstdCodec }, { loadFrameDecoder }] = await Promise.all([
      import('./codec-zstd.js'),
      import('./zstd-wasm.js'),
    ]);
    return zstdCodec(await loadFrameDecoder());
  },
};
