/** A bounds-checked decoder of raw LZ4 blocks (the LZ4 block format description) that can stop anywhere. */
import { CodecError } from './errors.js';

const MIN_MATCH = 4;
/** from here on the runtime's own copy beats a loop over bytes */
const LONG_COPY = 32;

/**
 * Fills dst with the first dst.length bytes of the block source[start .. end); what follows in the source is
 * ignored. Throws CodecError where the block ends early or refers to bytes before its output.
 */
export function decodeLz4(source: Uint8Array, start: number, end: number, dst: Uint8Array): void {
  const size = dst.length;
  let from = start;
  let to = 0;
  while (to < size) {
    if (from >= end) throw short(to, size);
    const token = source[from++]!;

    let literals = token >>> 4;
    if (literals === 15) {
      let more: number;
      do {
        if (from >= end) throw short(to, size);
        more = source[from++]!;
        literals += more;
      } while (more === 255);
    }
    if (literals > size - to) literals = size - to;
    if (literals > end - from) throw short(to, size);
    if (literals >= LONG_COPY) {
      dst.set(source.subarray(from, from + literals), to);
      from += literals;
      to += literals;
    } else {
      for (const stop = to + literals; to < stop; ) dst[to++] = source[from++]!;
    }
    if (to === size) return;

    if (end - from < 2) throw short(to, size);
    const distance = source[from]! | (source[from + 1]! << 8);
    from += 2;
    if (distance === 0 || distance > to) {
      throw new CodecError(`LZ4 match at byte ${to} reaches ${distance} back`);
    }
    let match = (token & 15) + MIN_MATCH;
    if (match === 15 + MIN_MATCH) {
      let more: number;
      do {
        if (from >= end) throw short(to, size);
        more = source[from++]!;
        match += more;
      } while (more === 255);
    }
    if (match > size - to) match = size - to;
    to = copyMatch(dst, to, distance, match);
  }
}

function copyMatch(dst: Uint8Array, to: number, distance: number, length: number): number {
  const stop = to + length;
  if (length < LONG_COPY) {
    for (let from = to - distance; to < stop; ) dst[to++] = dst[from++]!;
  } else if (distance === 1) {
    dst.fill(dst[to - 1]!, to, stop);
  } else if (distance >= length) {
    dst.copyWithin(to, to - distance, to - distance + length);
  } else {
    // The pattern repeats: what was copied is itself pattern, so each round may copy twice as much.
    const pattern = to - distance;
    while (to < stop) {
      const run = Math.min(to - pattern, stop - to);
      dst.copyWithin(to, pattern, pattern + run);
      to += run;
    }
  }
  return stop;
}

function short(made: number, wanted: number): CodecError {
  return new CodecError(`LZ4 block ends after ${made} of ${wanted} bytes`);
}
