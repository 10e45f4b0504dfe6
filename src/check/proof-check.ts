/**
 * Every byte of a blob that has a proof, read once: its Merkle tree or chunk index says which are others than the proven ones; where
 * a digest of all of it is the only proof, that says it of the blob.
 */
import { WHOLE_IMAGE } from './finding.js';
import { isProofOfDamage } from './integrity.js';
import type { Session } from './session.js';

/** Bytes read at a time, and again where they hold a block that does not match. */
const PIECE = 1 << 20;
const SMALL_PIECE = 4096;

export async function checkProofs(session: Session): Promise<void> {
  const { opened, image } = session;
  const buffer = new Uint8Array(PIECE);
  for (const [device, { kind }] of opened.proofs.entries()) {
    const guarantee = opened.guarantees[device] ?? 'none';
    if (kind === 'none' && guarantee === 'none') continue;
    const size = image.bytes.sizes[device]!;
    const told = new Set<string>();
    for (let offset = 0; offset < size; offset += PIECE) {
      const end = Math.min(size, offset + PIECE);
      session.provenBytes += end - offset;
      session.progress();
      if (await matches(session, buffer.subarray(0, end - offset), device, offset, undefined)) continue;
      for (let at = offset; at < end; at += SMALL_PIECE) {
        const piece = buffer.subarray(0, Math.min(SMALL_PIECE, end - at));
        await matches(session, piece, device, at, told);
      }
    }
    if (guarantee === 'digest') await checkWhole(session, device);
  }
}

/** All of it was read. */
async function checkWhole({ opened, findings }: Session, device: number): Promise<void> {
  const { blob } = opened.devices[device]!;
  try {
    await blob.flush();
    await blob.settled?.();
  } catch (error) {
    if (!isProofOfDamage(error)) throw error;
    findings.addError('integrity', WHOLE_IMAGE, error);
  }
}

/** Whether the bytes at `offset` are the proven ones. What is said of them is a finding, once, where `told` is given. */
async function matches(
  { opened, image, findings }: Session,
  piece: Uint8Array,
  device: number,
  offset: number,
  told: Set<string> | undefined,
): Promise<boolean> {
  try {
    await opened.run(() => {
      image.bytes.want([{ device, offset, length: piece.length }]);
      image.bytes.copy(piece, device, offset);
    });
    return true;
  } catch (error) {
    if (!isProofOfDamage(error)) throw error;
    // Blocks may be larger than a piece.
    if (told !== undefined && !told.has(error.message)) {
      told.add(error.message);
      findings.add('integrity', WHOLE_IMAGE, error.message, offset);
    }
    return false;
  }
}
