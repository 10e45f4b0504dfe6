/**
 * Who may sign: certificates pinned by the user, and those that lead to one.
 *
 * LAW: a certificate is trusted because its very bytes are pinned, or because a trusted certificate authority
 * signed it. Names decide which certificate is meant, never whether it is trusted.
 */
import { X509Certificate } from 'node:crypto';
import { type CertificateName, parseCertificate } from './pkcs7.js';
import { SignatureError } from './signature-error.js';
import { decodePem, isPem } from './signature-pem.js';

const PATH_MAX = 8;
const RSA_BITS_MIN = 2048;
/** Extended key usages (RFC 5280 §4.2.1.12): code signing, any. */
const SIGNING_USAGES: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.3.3', '2.5.29.37.0']);

/** Certificates of a PEM bundle or of one DER file. `name` is the file's. Throws 'certificate-malformed'. */
export function parseCertificates(bytes: Uint8Array, name: string): X509Certificate[] {
  try {
    const all = isPem(bytes) ? decodePem(bytes, ['CERTIFICATE']) : [bytes];
    return all.map((der) => new X509Certificate(der));
  } catch (error) {
    throw new SignatureError(
      'certificate-malformed',
      `${name}: expected X.509 certificates in PEM or DER: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** The certificates at hand for one signature. Throws 'signature-untrusted' for one that nobody vouches for. */
export class TrustedCertificates {
  readonly #pinned: readonly X509Certificate[];
  readonly #enclosed: readonly X509Certificate[];
  readonly #at: Date | undefined;

  /** `enclosed` came with the signature; `at`: the time at which certificates must be valid, unchecked without. */
  constructor(pinned: readonly X509Certificate[], enclosed: readonly Uint8Array[], at: Date | undefined) {
    this.#pinned = pinned;
    this.#enclosed = enclosed.map(decodeEnclosed);
    this.#at = at;
    // What nobody vouches for could be changed by anybody without anybody noticing.
    for (const certificate of this.#enclosed) this.#requireTrusted(certificate);
  }

  /** The trusted certificate that `name` means. */
  signer(name: CertificateName): X509Certificate {
    const found = [...this.#pinned, ...this.#enclosed].find((certificate) => {
      const { issuer, serial } = parseCertificate(certificate.raw);
      return Buffer.compare(issuer, name.issuer) === 0 && Buffer.compare(serial, name.serial) === 0;
    });
    if (found === undefined) {
      throw untrusted(
        `its signer is certificate ${Buffer.from(name.serial).toString('hex')}, which is neither pinned nor enclosed; pin it, or sign with the certificate enclosed`,
      );
    }
    if (!this.#isPinned(found)) requireSigningUsage(found);
    requireStrongKey(found);
    this.#requireValid(found);
    return found;
  }

  #requireTrusted(certificate: X509Certificate): void {
    let at = certificate;
    for (let steps = 0; !this.#isPinned(at); steps++) {
      const authority = steps < PATH_MAX ? this.#authorityOf(at) : undefined;
      if (authority === undefined) {
        throw untrusted(
          `the enclosed certificate "${nameOf(certificate)}" is not pinned and leads to no pinned authority; pin it or the one that signed it`,
        );
      }
      if (parseCertificate(at.raw).algorithm === undefined) {
        throw new SignatureError(
          'signature-weak',
          `the signature: its certificate "${nameOf(at)}" was not signed with SHA-2 by RSA or ECDSA`,
        );
      }
      requireStrongKey(authority);
      this.#requireValid(authority);
      at = authority;
    }
  }

  #authorityOf(certificate: X509Certificate): X509Certificate | undefined {
    return [...this.#pinned, ...this.#enclosed].find(
      (authority) =>
        authority.ca &&
        !authority.raw.equals(certificate.raw) &&
        certificate.checkIssued(authority) &&
        certificate.verify(authority.publicKey),
    );
  }

  #isPinned({ raw }: X509Certificate): boolean {
    return this.#pinned.some((pinned) => pinned.raw.equals(raw));
  }

  #requireValid(certificate: X509Certificate): void {
    if (this.#at === undefined) return;
    const { validFrom, validTo } = certificate;
    if (this.#at >= new Date(validFrom) && this.#at <= new Date(validTo)) return;
    throw new SignatureError(
      'signature-expired',
      `the signature: its certificate "${nameOf(certificate)}" is valid from ${validFrom} to ${validTo}, not at ${this.#at.toISOString()}`,
    );
  }
}

function decodeEnclosed(der: Uint8Array): X509Certificate {
  try {
    const certificate = new X509Certificate(der);
    // OpenSSL reads some encodings that are not DER; such a certificate has two forms.
    if (certificate.raw.equals(der)) return certificate;
  } catch (error) {
    throw malformed(error);
  }
  throw malformed();
}

function requireStrongKey(certificate: X509Certificate): void {
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  if (asymmetricKeyType === 'ec') return;
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  if (asymmetricKeyType === 'rsa' && bits >= RSA_BITS_MIN) return;
  throw new SignatureError(
    'signature-weak',
    `the signature: the key of "${nameOf(certificate)}" is ${asymmetricKeyType}${bits > 0 ? ` of ${bits} bits` : ''}; RSA from ${RSA_BITS_MIN} bits on or ECDSA is accepted`,
  );
}

/** An authority's other customers, such as web servers, are no signers of images. */
function requireSigningUsage(certificate: X509Certificate): void {
  const usages = certificate.keyUsage as string[] | undefined;
  if (usages === undefined || usages.some((usage) => SIGNING_USAGES.has(usage))) return;
  throw untrusted(
    `"${nameOf(certificate)}" is for ${usages.join(', ')} and not for code signing (1.3.6.1.5.5.7.3.3); pin it, or sign with another`,
  );
}

function nameOf({ subject }: X509Certificate): string {
  return subject.replaceAll('\n', ', ');
}

function untrusted(problem: string): SignatureError {
  return new SignatureError('signature-untrusted', `the signature: ${problem}`);
}

function malformed(cause?: unknown): SignatureError {
  return new SignatureError(
    'signature-malformed',
    'the signature: an enclosed certificate cannot be decoded',
    cause === undefined ? {} : { cause },
  );
}
