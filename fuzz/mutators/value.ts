/** Numbers that code is wrong about: borders, neighbours of what stood there, and what stands elsewhere. */
import type { Random } from '../../test/support/random.js';

const WORD = 2 ** 32;

/** An unsigned number of `size` bytes, 8 at most, in place of `before`. */
export function otherValue(before: bigint, size: number, random: Random): bigint {
  const bits = 8 * size;
  const mask = (1n << BigInt(bits)) - 1n;
  switch (random.below(9)) {
    case 0:
      return 0n;
    case 1:
      return mask;
    case 2:
      // around what it was
      return (before + BigInt(random.below(17) - 8)) & mask;
    case 3:
      return before ^ (1n << BigInt(random.below(bits)));
    case 4:
      // around a power of two
      return ((1n << BigInt(random.below(bits))) + BigInt(random.below(3) - 1)) & mask;
    case 5:
      // a small number
      return BigInt(random.below(64)) & mask;
    case 6:
      // a number that fits in what images have: offsets, nids, blocks
      return BigInt(random.below(2 ** random.below(23))) & mask;
    case 7:
      return (before * BigInt(1 + random.below(4))) & mask;
    default:
      return ((BigInt(random.below(WORD)) << 32n) | BigInt(random.below(WORD))) & mask;
  }
}

export function readValue(bytes: Uint8Array, at: number, size: number): bigint {
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] ?? 0);
  return value;
}

export function valueBytes(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytes;
}
