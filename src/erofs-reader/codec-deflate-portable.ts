/**
 * Raw DEFLATE without Node.js, by fflate: synchronous, as the reader is, which DecompressionStream is not. The only importer of it.
 *
 * What is decoded comes in pieces of 64 KiB and more, of which those behind the end of dst are dropped.
 */
import { Inflate } from 'fflate';
import type { Codec } from './codec.js';
import { CodecError } from './errors.js';

/** Encoded bytes given at a time: what a stream of zeros makes of them, a thousandfold, is held at once. */
const PIECE_SIZE = 4096;

export const codec: Codec = {
  decode(source, start, end, dst) {
    let filled = 0;
    const inflate = new Inflate((piece) => {
      const wanted = piece.subarray(0, dst.length - filled);
      dst.set(wanted, filled);
      filled += wanted.length;
    });
    try {
      for (let at = start; at < end && filled < dst.length; at += PIECE_SIZE) {
        const stop = Math.min(end, at + PIECE_SIZE);
        // fflate keeps what it is given until it has decoded it
        inflate.push(source.slice(at, stop), stop === end);
      }
    } catch (error) {
      if (filled === dst.length) return;
      throw new CodecError(`DEFLATE stream: ${(error as Error).message}`);
    }
    if (filled < dst.length) {
      throw new CodecError(`DEFLATE stream ends after ${filled} of ${dst.length} bytes`);
    }
  },
};
