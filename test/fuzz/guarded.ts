/** A mistake that random bytes alone come to once in 2^24 times. */

export function guarded(bytes: Uint8Array): number {
  if (bytes[0] !== 0x45) return 0;
  if (bytes[3] !== 0x46) return 1;
  if (bytes[6] !== 0x53) return 2;
  throw new TypeError('three bytes');
}
