/** The percent-escaping of manifests: any bytes as ASCII, reversible, readable for ordinary names. */

/** Bytes that stand for themselves; every other one becomes %XX, in capitals. */
const LITERAL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/ -_.,:+@~';

const ESCAPES: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return LITERAL.includes(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

/** `bytes` as an ASCII string in which `%` only begins an escape. */
export function escapeBytes(bytes: Uint8Array): string {
  let escaped = '';
  for (const byte of bytes) escaped += ESCAPES[byte];
  return escaped;
}

/**
 * The bytes that `text` stands for: %XX is one byte, all else is taken as UTF-8.
 * Throws code 'bad-escape' where a percent sign is not followed by two hexadecimal digits.
 */
export function unescapeBytes(text: string): Uint8Array {
  const source = new TextEncoder().encode(text);
  const bytes = new Uint8Array(source.length);
  let length = 0;
  for (let at = 0; at < source.length; at++) {
    if (source[at] !== 0x25) {
      bytes[length++] = source[at]!;
      continue;
    }
    const digits = String.fromCharCode(...source.subarray(at + 1, at + 3));
    if (!/^[0-9A-Fa-f]{2}$/.test(digits)) throw new EscapeError(text, at);
    bytes[length++] = Number.parseInt(digits, 16);
    at += 2;
  }
  return bytes.subarray(0, length);
}

export class EscapeError extends Error {
  override readonly name = 'EscapeError';
  readonly code = 'bad-escape';

  constructor(text: string, at: number) {
    super(
      `escaped path ${text}: the % at byte ${at} is not followed by two hexadecimal digits; write %25 for a percent sign`,
    );
  }
}
