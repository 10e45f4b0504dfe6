/**
 * A bounds-checked decoder of MicroLZMA pclusters (erofs-format §11.4) that can stop anywhere: a raw LZMA1 stream whose
 * first byte, always zero, gives its place to the inverted properties. There is neither a size nor an end marker.
 *
 * The range coder's state lives in module variables: one stream is decoded at a time, and as locals of one function
 * they would make that function some 300 lines long.
 */
import { CodecError } from './errors.js';

const PROBABILITY_ONE_HALF = 1024;
const TOP = 0x1000000;
/** lc, lp and pb are packed as (pb * 5 + lp) * 9 + lc */
const PROPERTIES_END = 9 * 5 * 5;
const STREAM_HEADER = 5;
const MIN_MATCH = 2;

/** States 0 to 6 follow a literal, 7 to 11 a match; the next state for each kind of packet. */
const AFTER_LITERAL = Uint8Array.of(0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 4, 5);
const FIRST_STATE_AFTER_MATCH = 7;

/** Where each group of probabilities starts in the one table; a position state is up to 4 bits. */
const POSITION_STATES = 16;
const IS_MATCH = 0;
const IS_REPEAT = IS_MATCH + 12 * POSITION_STATES;
const IS_REPEAT_0 = IS_REPEAT + 12;
const IS_REPEAT_1 = IS_REPEAT_0 + 12;
const IS_REPEAT_2 = IS_REPEAT_1 + 12;
const IS_REPEAT_0_LONG = IS_REPEAT_2 + 12;
const DISTANCE_SLOT = IS_REPEAT_0_LONG + 12 * POSITION_STATES;
const DISTANCE_SPECIAL = DISTANCE_SLOT + 4 * 64;
const DISTANCE_ALIGN = DISTANCE_SPECIAL + 128;
/** a length coder: two choices, then low and middle trees by position state, then the high tree */
const LENGTH_LOW = 2;
const LENGTH_MIDDLE = LENGTH_LOW + POSITION_STATES * 8;
const LENGTH_HIGH = LENGTH_MIDDLE + POSITION_STATES * 8;
const LENGTH_SIZE = LENGTH_HIGH + 256;
const MATCH_LENGTH = DISTANCE_ALIGN + 16;
const REPEAT_LENGTH = MATCH_LENGTH + LENGTH_SIZE;
const LITERAL = REPEAT_LENGTH + LENGTH_SIZE;
const LITERAL_SIZE = 0x300;

/** Grows to the largest lc + lp met; those of mkfs.erofs (lc 3, lp 0) need 14 KiB. */
let probabilities = new Uint16Array(LITERAL + (LITERAL_SIZE << 3));

let input: Uint8Array;
let inputAt = 0;
let inputEnd = 0;
/** Unsigned 32-bit numbers outside a typed array would be allocated anew for every bit: half the speed. */
const coder = new Uint32Array(2);
const RANGE = 0;
const CODE = 1;

/**
 * Fills dst with the first dst.length bytes of the stream source[start .. end); what follows is ignored. Past its end
 * the stream reads as zeros, and that is found out at the end: dst bounds the work either way. Throws
 * CodecError where the stream ends early, has no valid properties, or refers to bytes before its output.
 */
export function decodeLzma(source: Uint8Array, start: number, end: number, dst: Uint8Array): void {
  if (end - start < STREAM_HEADER) throw new CodecError(`LZMA stream of ${end - start} bytes`);
  const properties = ~source[start]! & 0xff;
  if (properties >= PROPERTIES_END) throw new CodecError(`LZMA properties ${properties}, expected under 225`);
  const literalContextBits = properties % 9;
  const literalPositionBits = Math.floor(properties / 9) % 5;
  const positionMask = (1 << Math.floor(properties / 45)) - 1;
  const literalPositionMask = (1 << literalPositionBits) - 1;
  const used = LITERAL + (LITERAL_SIZE << (literalContextBits + literalPositionBits));
  if (probabilities.length < used) probabilities = new Uint16Array(used);
  probabilities.fill(PROBABILITY_ONE_HALF, 0, used);
  startRangeCoder(source, start + 1, end);

  const size = dst.length;
  let state = 0;
  let rep0 = 0;
  let rep1 = 0;
  let rep2 = 0;
  let rep3 = 0;
  let at = 0;
  while (at < size) {
    const positionState = at & positionMask;
    if (bit(IS_MATCH + state * POSITION_STATES + positionState) === 0) {
      const previous = at > 0 ? dst[at - 1]! : 0;
      const context =
        ((at & literalPositionMask) << literalContextBits) | (previous >>> (8 - literalContextBits));
      const table = LITERAL + LITERAL_SIZE * context;
      dst[at] =
        state < FIRST_STATE_AFTER_MATCH ? tree(table, 8) : literalAfterMatch(table, dst[at - rep0 - 1]!);
      at += 1;
      state = AFTER_LITERAL[state]!;
      continue;
    }
    let length: number;
    if (bit(IS_REPEAT + state) === 0) {
      rep3 = rep2;
      rep2 = rep1;
      rep1 = rep0;
      length = matchLength(MATCH_LENGTH, positionState);
      rep0 = distance(length);
      state = state < FIRST_STATE_AFTER_MATCH ? 7 : 10;
    } else if (bit(IS_REPEAT_0 + state) === 0) {
      if (bit(IS_REPEAT_0_LONG + state * POSITION_STATES + positionState) === 0) {
        length = 1;
        state = state < FIRST_STATE_AFTER_MATCH ? 9 : 11;
      } else {
        length = matchLength(REPEAT_LENGTH, positionState);
        state = state < FIRST_STATE_AFTER_MATCH ? 8 : 11;
      }
    } else {
      let repeated: number;
      if (bit(IS_REPEAT_1 + state) === 0) {
        repeated = rep1;
      } else {
        if (bit(IS_REPEAT_2 + state) === 0) {
          repeated = rep2;
        } else {
          repeated = rep3;
          rep3 = rep2;
        }
        rep2 = rep1;
      }
      rep1 = rep0;
      rep0 = repeated;
      length = matchLength(REPEAT_LENGTH, positionState);
      state = state < FIRST_STATE_AFTER_MATCH ? 8 : 11;
    }
    if (rep0 >= at) throw new CodecError(`LZMA match at byte ${at} reaches ${rep0 + 1} back`);
    // Matches of LZMA are short: a loop beats the runtime's copy, which may not overlap either.
    const stop = Math.min(size, at + length);
    for (let from = at - rep0 - 1; at < stop; ) dst[at++] = dst[from++]!;
  }
  if (inputAt > inputEnd) throw new CodecError(`LZMA stream ends before ${size} bytes are out`);
}

function startRangeCoder(source: Uint8Array, start: number, end: number): void {
  input = source;
  inputAt = start;
  inputEnd = end;
  coder[RANGE] = 0xffffffff;
  for (let i = 0; i < 4; i++) coder[CODE] = (coder[CODE]! << 8) | input[inputAt++]!;
}

function normalize(): void {
  coder[RANGE] = coder[RANGE]! << 8;
  coder[CODE] = (coder[CODE]! << 8) | (inputAt < inputEnd ? input[inputAt]! : 0);
  inputAt++;
}

/** Decodes one bit with the probability at `index`, and adapts it. */
function bit(index: number): number {
  const probability = probabilities[index]!;
  const range = coder[RANGE]!;
  const code = coder[CODE]!;
  const bound = (range >>> 11) * probability;
  if (code < bound) {
    coder[RANGE] = bound;
    probabilities[index] = probability + ((2048 - probability) >>> 5);
    if (bound < TOP) normalize();
    return 0;
  }
  coder[RANGE] = range - bound;
  coder[CODE] = code - bound;
  probabilities[index] = probability - (probability >>> 5);
  if (range - bound < TOP) normalize();
  return 1;
}

/** A literal that follows a match is seldom the byte that would have continued it. */
function literalAfterMatch(table: number, continuation: number): number {
  let symbol = 1;
  let expected = continuation;
  while (symbol < 0x100) {
    const expectedBit = (expected >>> 7) & 1;
    expected <<= 1;
    const decoded = bit(table + ((1 + expectedBit) << 8) + symbol);
    symbol = (symbol << 1) | decoded;
    if (decoded !== expectedBit) break;
  }
  while (symbol < 0x100) symbol = (symbol << 1) | bit(table + symbol);
  return symbol & 0xff;
}

/**
 * `bits` bits, the highest first. Most bits of a stream are decoded here, so bit() stands in the loop with the coder's
 * state in locals.
 */
function tree(table: number, bits: number): number {
  const end = 1 << bits;
  let symbol = 1;
  let range = coder[RANGE]!;
  let code = coder[CODE]!;
  while (symbol < end) {
    const probability = probabilities[table + symbol]!;
    const bound = (range >>> 11) * probability;
    if (code < bound) {
      range = bound;
      probabilities[table + symbol] = probability + ((2048 - probability) >>> 5);
      symbol <<= 1;
    } else {
      range -= bound;
      code -= bound;
      probabilities[table + symbol] = probability - (probability >>> 5);
      symbol = (symbol << 1) | 1;
    }
    if (range < TOP) {
      range = (range << 8) >>> 0;
      code = ((code << 8) | (inputAt < inputEnd ? input[inputAt]! : 0)) >>> 0;
      inputAt++;
    }
  }
  coder[RANGE] = range;
  coder[CODE] = code;
  return symbol - end;
}

/** `bits` bits, the lowest first. */
function reverseTree(table: number, bits: number): number {
  let node = 1;
  let symbol = 0;
  for (let i = 0; i < bits; i++) {
    const decoded = bit(table + node);
    node = (node << 1) | decoded;
    symbol |= decoded << i;
  }
  return symbol;
}

/** `bits` bits without probabilities, the highest first. */
function direct(bits: number): number {
  let value = 0;
  for (let i = 0; i < bits; i++) {
    const half = coder[RANGE]! >>> 1;
    const decoded = coder[CODE]! >= half ? 1 : 0;
    coder[RANGE] = half;
    if (decoded === 1) coder[CODE] = coder[CODE]! - half;
    if (half < TOP) normalize();
    value = (value << 1) | decoded;
  }
  return value;
}

function matchLength(coder: number, positionState: number): number {
  if (bit(coder) === 0) return MIN_MATCH + tree(coder + LENGTH_LOW + positionState * 8, 3);
  if (bit(coder + 1) === 0) return MIN_MATCH + 8 + tree(coder + LENGTH_MIDDLE + positionState * 8, 3);
  return MIN_MATCH + 16 + tree(coder + LENGTH_HIGH, 8);
}

/** How far back a match starts, less one; up to 2^32 - 1. */
function distance(length: number): number {
  const slot = tree(DISTANCE_SLOT + Math.min(length - MIN_MATCH, 3) * 64, 6);
  if (slot < 4) return slot;
  const bits = (slot >>> 1) - 1;
  const base = ((2 | (slot & 1)) << bits) >>> 0;
  if (slot < 14) return base + reverseTree(DISTANCE_SPECIAL + base - slot, bits);
  const high = (direct(bits - 4) << 4) >>> 0;
  return base + high + reverseTree(DISTANCE_ALIGN, 4);
}
