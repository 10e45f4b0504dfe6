/**
 * Decompression of ZSTD: a frame at once by node:zlib where this Node has it (22.15 and later), else by zstddec, a build of the
 * reference decoder for WebAssembly: 330 to 970 MB/s; a stream of frames by zstddec alone, for Node's ends behind the first one (22.15).
 */
import * as zlib from 'node:zlib';
import { type FrameDecoder, loadFrameDecoder, loadStreamModule } from './zstd-wasm.js';

export type { FrameDecoder } from './zstd-wasm.js';

let decoder: Promise<FrameDecoder> | undefined;

/** The fastest decoder of frames that this Node.js has. */
export function frameDecoder(): Promise<FrameDecoder> {
  decoder ??= Promise.resolve(ofNode() ?? loadFrameDecoder());
  return decoder;
}

function ofNode(): FrameDecoder | undefined {
  const { zstdDecompressSync } = zlib as { zstdDecompressSync?: typeof zlib.inflateRawSync };
  if (zstdDecompressSync === undefined) return undefined;
  return (frame, limit) =>
    zstdDecompressSync(frame, {
      chunkSize: Math.max(zlib.constants.Z_MIN_CHUNK, limit),
      maxOutputLength: limit,
    });
}

/** What a build for WebAssembly of the reference decoder's streaming half exports; pointers and sizes are 32 bits. */
interface StreamExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(size: number): number;
  free(pointer: number): void;
  ZSTD_createDCtx(): number;
  ZSTD_freeDCtx(context: number): number;
  ZSTD_decompressStream(context: number, output: number, input: number): number;
}

declare const WebAssembly: {
  instantiate(module: object, imports: object): Promise<{ readonly exports: StreamExports }>;
};

/** Bytes of a piece that are given to the decoder at a time, and of what it gives: what it recommends. */
const PIECE_SIZE = 128 << 10;
/** Of a struct { pointer, size, position }. */
const BUFFER_SIZE = 12;
const SIZE_AT = 4;
const POSITION_AT = 8;
/** Results from here on are errors: ZSTD_isError of the reference decoder. */
const FIRST_ERROR = 2 ** 32 - 120;

let streamModule: Promise<object> | undefined;

/**
 * Decodes frames one behind the other, skippable ones among them, in memory that does not grow with their sizes beyond the window
 * that they ask for, 128 MiB at most. What it yields is a copy. Throws where the stream is damaged, or ends within a frame.
 */
export async function* decodeStream(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  streamModule ??= loadStreamModule();
  const imports = { env: { emscripten_notify_memory_growth() {} } };
  // an instance of its own, for one gives no memory back
  const { exports } = await WebAssembly.instantiate(await streamModule, imports);
  const stream = new FrameStream(exports);
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += PIECE_SIZE) {
      yield* stream.decode(piece.subarray(at, at + PIECE_SIZE));
    }
  }
  if (!stream.isBetweenFrames) throw new Error('it ends within a frame');
}

/** One stream; its memory goes with its instance. */
class FrameStream {
  isBetweenFrames = true;
  readonly #exports: StreamExports;
  readonly #context: number;
  readonly #input: number;
  readonly #output: number;
  /** the two structs */
  readonly #inputBuffer: number;
  readonly #outputBuffer: number;

  constructor(exports: StreamExports) {
    this.#exports = exports;
    this.#context = exports.ZSTD_createDCtx();
    this.#input = exports.malloc(PIECE_SIZE);
    this.#output = exports.malloc(PIECE_SIZE);
    this.#inputBuffer = exports.malloc(BUFFER_SIZE);
    this.#outputBuffer = exports.malloc(BUFFER_SIZE);
  }

  /** `piece` has PIECE_SIZE bytes at most. */
  *decode(piece: Uint8Array): Generator<Uint8Array> {
    new Uint8Array(this.#exports.memory.buffer).set(piece, this.#input);
    this.#point(this.#inputBuffer, this.#input, piece.length);
    for (let isMore = true; isMore; ) {
      this.#point(this.#outputBuffer, this.#output, PIECE_SIZE);
      const result = this.#exports.ZSTD_decompressStream(
        this.#context,
        this.#outputBuffer,
        this.#inputBuffer,
      );
      if (result >>> 0 > FIRST_ERROR) throw new Error(`it is damaged (error ${-result})`);
      this.isBetweenFrames = result === 0;
      const given = this.#positionOf(this.#outputBuffer);
      const isFull = given === PIECE_SIZE && !this.isBetweenFrames;
      isMore = this.#positionOf(this.#inputBuffer) < piece.length || isFull;
      if (given > 0)
        yield new Uint8Array(this.#exports.memory.buffer.slice(this.#output, this.#output + given));
    }
  }

  /** The memory may be another one after each call: it grows. */
  #view(): DataView {
    return new DataView(this.#exports.memory.buffer);
  }

  #point(buffer: number, to: number, size: number): void {
    const view = this.#view();
    view.setUint32(buffer, to, true);
    view.setUint32(buffer + SIZE_AT, size, true);
    view.setUint32(buffer + POSITION_AT, 0, true);
  }

  #positionOf(buffer: number): number {
    return this.#view().getUint32(buffer + POSITION_AT, true);
  }
}
