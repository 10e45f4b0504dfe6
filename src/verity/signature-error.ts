/**
 * What is wrong with a signature or with the certificates to check it by. All are met before a mount, none in it.
 *
 * - `signature-malformed`    the bytes are no PKCS#7 signature in the form that is accepted
 * - `signature-unsupported`  a legal signature that the profile excludes: two signers, signed attributes, …
 * - `signature-weak`         a digest or key too weak to trust
 * - `signature-untrusted`    nothing links its signer to a pinned certificate
 * - `signature-expired`      a certificate is not valid at the time that was asked for
 * - `signature-mismatch`     made by a trusted signer, over something else or changed since
 * - `certificate-malformed`  a certificate that was to be pinned cannot be used
 */
export type SignatureErrorCode =
  | 'signature-malformed'
  | 'signature-unsupported'
  | 'signature-weak'
  | 'signature-untrusted'
  | 'signature-expired'
  | 'signature-mismatch'
  | 'certificate-malformed';

export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly code: SignatureErrorCode;

  constructor(code: SignatureErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
