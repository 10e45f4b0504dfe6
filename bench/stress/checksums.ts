/** A fixture's regular files as sha256sum(1) checks them. Names may be any bytes. */
import { isUtf8 } from 'node:buffer';
import type { Fixture } from '../../test/support/fixture.js';
import { readManifest } from '../../test/support/manifest.js';

const LATIN1 = 'latin1';

/** `onlyUtf8`: without the names that fuse-native cannot carry. */
export function checksumList({ manifest }: Fixture, onlyUtf8: boolean): Uint8Array {
  const lines = Object.entries(readManifest(manifest)).flatMap(([escaped, { sha256: digest }]) => {
    if (typeof digest !== 'string') return [];
    const name = bytesOf(escaped);
    if (onlyUtf8 && !isUtf8(name)) return [];
    const plain = `./${name.toString(LATIN1)}`;
    const quoted = plain.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
    return [`${quoted === plain ? '' : '\\'}${digest}  ${quoted}\n`];
  });
  return Buffer.from(lines.join(''), LATIN1);
}

/** %FF is one byte. */
const bytesOf = (escaped: string): Buffer =>
  Buffer.from(
    Buffer.from(escaped, 'utf8')
      .toString(LATIN1)
      .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    LATIN1,
  );
