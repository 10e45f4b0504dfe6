/** Names and link targets as people may safely see them: on a terminal and in messages control bytes would act. */

/** Control characters, what turns the direction of writing, line separators, and what is no UTF-8. */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufffd]/u;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const SHORT_ESCAPES: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  27: '\\e',
  39: "\\'",
  92: '\\\\',
};

/** The bytes as text: as they are where that is harmless, otherwise in the form $'a\nb\377' that a shell reads back. */
export function quoteName(bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  if (!UNSAFE.test(text)) return text;
  let quoted = "$'";
  for (const byte of bytes) quoted += quoteByte(byte);
  return `${quoted}'`;
}

function quoteByte(byte: number): string {
  const short = SHORT_ESCAPES[byte];
  if (short !== undefined) return short;
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `\\${byte.toString(8).padStart(3, '0')}`;
}
