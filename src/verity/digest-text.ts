/** Digests, root hashes and salts as people and other programs write them: lower-case hexadecimal. */
import { VerityError } from './errors.js';
import { DIGEST_SIZE, type HashAlgorithm } from './hash.js';

export interface NamedDigest {
  readonly algorithm: HashAlgorithm;
  readonly bytes: Uint8Array;
}

/** `what` begins the message. Throws 'bad-digest' for anything but pairs of lower-case hexadecimal digits. */
export function parseHex(text: string, what: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) {
    throw new VerityError(
      'bad-digest',
      `${what} is ${JSON.stringify(text)}; pairs of lower-case hexadecimal digits were expected`,
    );
  }
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** "sha256:HEX", as `fsverity digest` prints it. Throws 'bad-digest'. */
export function parseDigest(text: string, what: string): NamedDigest {
  const [, name = '', hex = ''] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  if (!isAlgorithm(name)) {
    throw new VerityError(
      'bad-digest',
      `${what} is ${JSON.stringify(text)}; expected one of ${Object.keys(DIGEST_SIZE).join(', ')}, a colon, and hexadecimal digits`,
    );
  }
  const bytes = parseHex(hex, what);
  if (bytes.length !== DIGEST_SIZE[name]) {
    throw new VerityError(
      'bad-digest',
      `${what} has ${bytes.length} bytes after "${name}:", a digest of ${name} has ${DIGEST_SIZE[name]}`,
    );
  }
  return { algorithm: name, bytes };
}

export function digestText({ algorithm, bytes }: NamedDigest): string {
  return `${algorithm}:${Buffer.from(bytes).toString('hex')}`;
}

/**
 * A root hash, with or without its algorithm before it: "sha256:HEX" or "HEX". Throws 'bad-digest' where an algorithm
 * is named and is not `algorithm`; whether the length fits is checked where the root is used.
 */
export function parseRootHash(text: string, algorithm: HashAlgorithm): Uint8Array {
  if (!text.includes(':')) return parseHex(text, 'the root hash');
  const digest = parseDigest(text, 'the root hash');
  if (digest.algorithm !== algorithm) {
    throw new VerityError(
      'bad-digest',
      `the root hash is one of ${digest.algorithm}, the tree is made with ${algorithm}`,
    );
  }
  return digest.bytes;
}

/** A salt as veritysetup takes it: hexadecimal digits, or "-" for none. Throws 'bad-digest'. */
export function parseSalt(text: string): Uint8Array {
  return parseHex(text === '-' ? '' : text, 'the salt');
}

export function isAlgorithm(name: string): name is HashAlgorithm {
  return Object.hasOwn(DIGEST_SIZE, name);
}
