/** Bytes that do not match the digest that the user pinned: damage, whatever they say. */
import { VerityError } from '../verity/errors.js';

/** Whether an error shows that bytes are others than the proven ones, rather than that a proof cannot be used. */
export function isProofOfDamage(error: unknown): error is VerityError {
  return error instanceof VerityError && (error.code === 'integrity' || error.code === 'digest-mismatch');
}
