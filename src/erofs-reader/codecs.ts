/** The codecs of Node.js, over what the machine has of libraries. */
import { type BlockDecoder, type Codec, type CodecLoaders, loadCodecsBy } from './codec.js';
import { Algorithm } from './layout.js';

/** Decoders that the machine has besides, each looked for when it is first needed. */
export interface SystemDecoders {
  lz4?(): BlockDecoder | undefined;
}

const loadersOver = ({ lz4 }: SystemDecoders): CodecLoaders => ({
  [Algorithm.LZ4]: async () => (await import('./codec-lz4.js')).lz4Codec(() => lz4?.()),
  [Algorithm.LZMA]: async () => (await import('./codec-lzma.js')).codec,
  [Algorithm.DEFLATE]: async () => (await import('./codec-deflate.js')).codec,
  [Algorithm.ZSTD]: loadZstd,
});

async function loadZstd(): Promise<Codec> {
  const [{ zstdCodec }, { frameDecoder }] = await Promise.all([
    import('./codec-zstd.js'),
    import('./zstd.js'),
  ]);
  return zstdCodec(await frameDecoder());
}

/** As loadCodecsBy. */
export function loadCodecs(algorithms: number, system: SystemDecoders = {}): Promise<void> {
  return loadCodecsBy(algorithms, loadersOver(system));
}
