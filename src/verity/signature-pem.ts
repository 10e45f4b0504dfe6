/** PEM (RFC 7468): DER as text between two lines. What stands around the blocks is ignored, as other readers do. */

const DASHES = Buffer.from('-----BEGIN ');

export function isPem(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(DASHES);
}

/** DER of every block. Throws an Error where there is none, for another label, and for what is no base64. */
export function decodePem(bytes: Uint8Array, labels: readonly string[]): Uint8Array[] {
  const text = Buffer.from(bytes).toString('latin1');
  const blocks: Uint8Array[] = [];
  for (const [, label, body, end] of text.matchAll(/-----BEGIN ([^-]*)-----([^-]*)-----END ([^-]*)-----/g)) {
    if (label === undefined || !labels.includes(label) || end !== label) {
      throw new Error(`a PEM block "${label}" ... "${end}"; expected ${labels.join(' or ')}`);
    }
    blocks.push(decodeBase64(body ?? '', `the PEM block "${label}"`));
  }
  if (blocks.length === 0) throw new Error(`no complete PEM block; expected ${labels.join(' or ')}`);
  return blocks;
}

/** White space apart, every character counts: Buffer.from would skip what it does not know. Throws an Error. */
export function decodeBase64(text: string, what: string): Uint8Array {
  const compact = text.replaceAll(/\s/g, '');
  const bytes = Buffer.from(compact, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== compact) {
    throw new Error(`${what} is no base64 of ${compact.length} characters`);
  }
  return bytes;
}
