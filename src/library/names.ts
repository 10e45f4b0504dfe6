/** Names as users of the library want them: the bytes themselves, or text, which they are not always. */
import { quoteName } from '../commands/quote.js';
import type { Path } from './image.js';
import { LibraryError } from './library-error.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function pathBytes(path: Path): Uint8Array {
  return typeof path === 'string' ? encoder.encode(path) : path;
}

/** From the bytes of a name, which may be borrowed, to what is given for it. */
export type NameReader<Name> = (bytes: Uint8Array) => Name;

export const nameBytes: NameReader<Uint8Array> = (bytes) => bytes.slice();

/** Throws LibraryError 'not-utf8': another name in its place might be that of another file. */
export const nameText: NameReader<string> = (bytes) => {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new LibraryError(
      'not-utf8',
      `the name ${quoteName(bytes)} is not UTF-8; open the image with { names: 'bytes' }`,
    );
  }
};
