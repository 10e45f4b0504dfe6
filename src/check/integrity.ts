/** Bytes that do not match a digest that the user or a manifest pins: damage, whatever they say. */

/** Of VerityError, and of LayerError. */
const CODES: readonly unknown[] = ['integrity', 'digest-mismatch', 'bad-chunk', 'bad-digest'];

/** Whether an error shows that bytes are others than the proven ones, rather than that a proof cannot be used. */
export function isProofOfDamage(error: unknown): error is Error {
  return error instanceof Error && CODES.includes((error as { code?: unknown }).code);
}
