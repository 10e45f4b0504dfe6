/** What both layouts of a chunk index are read with. */
import { LayerError } from './layer-error.js';

/** What is known of an index from its descriptor. */
export interface IndexContext {
  /** what people call the blob, for messages */
  readonly name: string;
  /** of the payload, "sha256:HEX" or "sha512:HEX" */
  readonly digest: string;
  /** byte of the blob at which its data ends */
  readonly dataEnd: number;
  /** as the media type of the blob says */
  readonly isCompressed: boolean;
}

/** `what` was found. */
export function wrong({ name }: IndexContext, what: string): LayerError {
  return new LayerError(
    'bad-index',
    `the chunk index of ${name} is wrong: ${what}; the image has to be made anew`,
  );
}

/** A safe integer of 64 bits. Throws LayerError 'bad-index'. */
export function readOffset(view: DataView, at: number, context: IndexContext): number {
  const high = view.getUint32(at + 4, true);
  if (high >= 2 ** 21) throw wrong(context, `byte ${at} has a number above 2^53`);
  return high * 2 ** 32 + view.getUint32(at, true);
}
