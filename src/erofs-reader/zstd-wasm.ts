/** zstddec, a build of the reference decoder for WebAssembly. The only importer of it; runs in browsers as in Node.js. */

/** What a frame decodes to, at most `limit` bytes. Throws, or returns less, where it cannot be decoded. */
export type FrameDecoder = (frame: Uint8Array, limit: number) => Uint8Array;

export async function loadFrameDecoder(): Promise<FrameDecoder> {
  const { ZSTDDecoder } = await import('zstddec');
  const decoder = new ZSTDDecoder();
  await decoder.init();
  return (frame, limit) => decoder.decode(frame, limit);
}

/**
 * The module within zstddec. Its own loop over the exports does not look for errors and never ends where it meets one (0.3.4), so
 * that here is another.
 */
export async function loadStreamModule(): Promise<object> {
  const { ZSTDDecoder } = await import('zstddec/stream');
  let found: { readonly module: object } | undefined;
  class Loader extends ZSTDDecoder {
    override _init(result: object): void {
      found = result as typeof found;
    }
  }
  await new Loader().init();
  return found!.module;
}
