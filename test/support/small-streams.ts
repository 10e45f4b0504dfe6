/** Compressed streams that are written by hand: LZ4 blocks and ZSTD frames of known content, however large it is. */

const encode = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** An LZ4 block of literals alone; at most 269 bytes. */
export function lz4Literals(text: string): Uint8Array {
  const bytes = encode(text);
  const head = bytes.length < 15 ? [bytes.length << 4] : [0xf0, bytes.length - 15];
  return Buffer.concat([Uint8Array.from(head), bytes]);
}

/** `unit` over and over, until there are `size` bytes. */
export const repeated = (unit: string, size: number): string =>
  unit.repeat(Math.ceil(size / unit.length)).slice(0, size);

/** An LZ4 block of `repeated(unit, size)`; the unit has 14 bytes at most. */
export function lz4Repeated(unit: string, size: number): Uint8Array {
  const last = 5;
  const match = size - unit.length - last;
  const extra = match - 4 - 15;
  const more = new Uint8Array(Math.floor(extra / 255)).fill(255);
  const end = repeated(unit, size).slice(-last);
  return Buffer.concat([
    Uint8Array.of((unit.length << 4) | 15),
    encode(unit),
    Uint8Array.of(unit.length, 0),
    more,
    Uint8Array.of(extra % 255, last << 4),
    encode(end),
  ]);
}

/** The most that a block of a ZSTD frame decodes to. */
const ZSTD_BLOCK = 128 << 10;

/**
 * A ZSTD frame of `size` times `byte` in 4 bytes for each 128 KiB (RFC 8878). Its header states `stated` bytes of content;
 * `undefined`: a window of 8 MiB and no content size.
 */
export function zstdRun(byte: number, size: number, stated: number | undefined = size): Uint8Array {
  const header = Buffer.alloc(stated === undefined ? 6 : 13);
  header.writeUInt32LE(0xfd2fb528);
  if (stated === undefined) {
    header[4] = 0;
    header[5] = 13 << 3;
  } else {
    // single segment, a content size of 8 bytes
    header[4] = 0xe0;
    header.writeBigUInt64LE(BigInt(stated), 5);
  }
  const blocks = Array.from({ length: Math.ceil(size / ZSTD_BLOCK) }, (_, n) => {
    const length = Math.min(ZSTD_BLOCK, size - n * ZSTD_BLOCK);
    const isLast = (n + 1) * ZSTD_BLOCK >= size ? 1 : 0;
    const field = isLast | (1 << 1) | (length << 3);
    return Uint8Array.of(field, field >>> 8, field >>> 16, byte);
  });
  return Buffer.concat([header, ...blocks]);
}

/** `stream` at the end of blocks of `blockSize` bytes, zeros in front: a pcluster with 0padding. */
export function padded(stream: Uint8Array, blockSize = 4096): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(stream.length / blockSize) * blockSize);
  bytes.set(stream, bytes.length - stream.length);
  return bytes;
}
