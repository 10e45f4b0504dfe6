/** Where frames of a ZSTD stream end, found without decoding them: RFC 8878, section 3.1. */

const FRAME_MAGIC = 0xfd2fb528;
/** The last four bits of a skippable frame's are free. */
const SKIPPABLE_MAGIC = 0x184d2a50;
export const SKIPPABLE_HEADER_SIZE = 8;
const DICTIONARY_ID_SIZES = [0, 1, 2, 4];
const BLOCK_HEADER_SIZE = 3;
const BLOCK_OF_ONE_BYTE = 1;
const BLOCK_RESERVED = 3;
const CHECKSUM_SIZE = 4;

export function isSkippable(bytes: Uint8Array): boolean {
  return bytes.length >= SKIPPABLE_HEADER_SIZE && (readU32(bytes, 0) & ~0xf) >>> 0 === SKIPPABLE_MAGIC;
}

/** Bytes behind the header of a skippable frame, as that says. */
export const skippableSize = (bytes: Uint8Array): number => readU32(bytes, 4);

/** Bytes of the frame at the beginning; undefined where there is none, or not all of it. */
export function frameLength(bytes: Uint8Array): number | undefined {
  const length = isSkippable(bytes) ? SKIPPABLE_HEADER_SIZE + skippableSize(bytes) : dataFrameLength(bytes);
  return length === undefined || length > bytes.length ? undefined : length;
}

/** Whether there is nothing but skippable frames. */
export function isAllSkippable(bytes: Uint8Array): boolean {
  let rest = bytes;
  while (rest.length > 0) {
    const length = isSkippable(rest) ? frameLength(rest) : undefined;
    if (length === undefined) return false;
    rest = rest.subarray(length);
  }
  return true;
}

function dataFrameLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < 5 || readU32(bytes, 0) !== FRAME_MAGIC) return undefined;
  const descriptor = bytes[4]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSizeKind = descriptor >>> 6;
  const contentSize = contentSizeKind === 0 ? Number(isSingleSegment) : 1 << contentSizeKind;
  let at = 5 + Number(!isSingleSegment) + DICTIONARY_ID_SIZES[descriptor & 3]! + contentSize;
  for (let isLast = false; !isLast; ) {
    if (at + BLOCK_HEADER_SIZE > bytes.length) return undefined;
    const header = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    const kind = (header >>> 1) & 3;
    if (kind === BLOCK_RESERVED) return undefined;
    isLast = (header & 1) !== 0;
    at += BLOCK_HEADER_SIZE + (kind === BLOCK_OF_ONE_BYTE ? 1 : header >>> 3);
  }
  return (descriptor & 4) === 0 ? at : at + CHECKSUM_SIZE;
}

function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
