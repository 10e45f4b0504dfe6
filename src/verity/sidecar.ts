/**
 * containerd's sidecar of an image, the file IMAGE.dmverity beside it:
 * {"roothash": HEX, "hashoffset": BYTES, "hashdevice"?: NAME}.
 *
 * LAW: it gives integrity, not authenticity. Whoever can change the image can change its sidecar; say so wherever
 * it is used, and never prefer it to a root hash that was pinned.
 */
import { foreignJson } from './foreign-json.js';
import { checkHashOffset, ProofError, parseRoot } from './layer-proof.js';

export interface Sidecar {
  readonly rootHash: Uint8Array;
  /** byte of the dm-verity superblock, in the image or in `hashDevice` */
  readonly hashOffset: number;
  /** name of a file in the sidecar's own directory that holds the tree; undefined: it is in the image */
  readonly hashDevice: string | undefined;
}

/** `name` is the sidecar's path, for messages. Throws ProofError. */
export function parseSidecar(text: string, name: string): Sidecar {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch (error) {
    throw new ProofError(`${name}: no JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new ProofError(`${name}: expected {"roothash": ..., "hashoffset": ...}`);
  }
  const { roothash, hashoffset, hashdevice } = fields as Record<string, unknown>;
  if (typeof roothash !== 'string') throw new ProofError(`${name}: it has no "roothash"`);
  const { rootHash } = parseRoot(roothash, `${name}: "roothash"`);
  return {
    rootHash: rootHash!,
    hashOffset: checkHashOffset(hashoffset, `${name}: "hashoffset"`),
    hashDevice: hashdevice === undefined ? undefined : checkFileName(hashdevice, name),
  };
}

/** A sidecar may be as little trusted as its image: it must not point at files elsewhere. */
function checkFileName(device: unknown, name: string): string {
  if (typeof device === 'string' && device !== '.' && device !== '..' && /^[^/\0]+$/.test(device))
    return device;
  throw new ProofError(
    `${name}: "hashdevice" is ${foreignJson(device)}; expected the name of a file in the same directory`,
  );
}
