/**
 * A root hash is trusted because somebody pinned signed it: PKCS#7 over its text, as the kernel's dm-verity, systemd
 * and Notation sign it, checked without a word from the image.
 *
 * Signed attributes are refused, as by Notation's profile: with them the signature covers a hash of the root hash
 * and what else the signer's program wrote. The dates of certificates count only at a time that is given, as in
 * the kernel: nothing trustworthy says when a signature was made, and an image must not stop to mount with a
 * certificate's last day.
 */
import { constants, verify, type X509Certificate } from 'node:crypto';
import { parseSignedData, type SignedData } from './pkcs7.js';
import { SignatureError } from './signature-error.js';
import { decodePem, isPem } from './signature-pem.js';
import { TrustedCertificates } from './signature-trust.js';

export interface SignatureCheck {
  /** PKCS#7 in DER or PEM */
  readonly signature: Uint8Array;
  /** what must have been signed: see rootHashContent and fsVerityContent */
  readonly content: Uint8Array;
  /** the signer's certificates, or those of authorities */
  readonly pinned: readonly X509Certificate[];
  /** every certificate that is used must be valid then; unchecked without */
  readonly at?: Date | undefined;
}

/** Returns the signer's certificate. Throws SignatureError, and nothing else whatever the bytes are. */
export function verifySignature({ signature, content, pinned, at }: SignatureCheck): X509Certificate {
  if (pinned.length === 0) {
    throw new SignatureError(
      'signature-untrusted',
      'the signature: no certificate is pinned to check it by; pin the one of its signer',
    );
  }
  const signed = parseSignedData(derOf(signature));
  const signer = new TrustedCertificates(pinned, signed.certificates, at).signer(signed.signer);
  if (signer.publicKey.asymmetricKeyType !== signed.key) {
    throw new SignatureError(
      'signature-mismatch',
      `the signature: made with ${signed.key}, the key of its signer is ${signer.publicKey.asymmetricKeyType}`,
    );
  }
  if (!matches(signed, content, signer)) {
    throw new SignatureError(
      'signature-mismatch',
      'the signature: it does not belong to this root hash: made over another one, over its bytes instead of its hex text, or changed since',
    );
  }
  return signer;
}

/** What a signature over a dm-verity root hash covers: its digits in lower case, without a newline. */
export function rootHashContent(rootHash: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(rootHash).toString('hex'), 'latin1');
}

/** What the kernel's built-in fs-verity signatures cover: "FSVerity", algorithm number, length, digest. */
export function fsVerityContent(algorithm: 'sha256' | 'sha512', digest: Uint8Array): Uint8Array {
  const header = Buffer.from('FSVerity\0\0\0\0', 'latin1');
  header.writeUInt16LE(algorithm === 'sha256' ? 1 : 2, 8);
  header.writeUInt16LE(digest.length, 10);
  return Buffer.concat([header, digest]);
}

function derOf(signature: Uint8Array): Uint8Array {
  if (!isPem(signature)) return signature;
  let blocks: Uint8Array[];
  try {
    blocks = decodePem(signature, ['PKCS7', 'CMS']);
  } catch (error) {
    throw new SignatureError('signature-malformed', `the signature: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const [der, ...more] = blocks;
  if (der !== undefined && more.length === 0) return der;
  throw new SignatureError(
    'signature-unsupported',
    `the signature: ${blocks.length} PEM blocks; one is accepted`,
  );
}

function matches(signed: SignedData, content: Uint8Array, { publicKey }: X509Certificate): boolean {
  const key = signed.key === 'rsa' ? { key: publicKey, padding: constants.RSA_PKCS1_PADDING } : publicKey;
  try {
    return verify(signed.digest, content, key, signed.signature);
  } catch (error) {
    throw new SignatureError(
      'signature-malformed',
      `the signature: its value cannot be checked: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
