/**
 * PKCS#7 detached SignedData (RFC 2315 §9, RFC 5652 §5), in the one form that a root hash is signed in: one signer
 * named by issuer and serial number, content elsewhere, no attributes, SHA-256 or better with RSA or ECDSA.
 */
import { DerReader, Tag } from './pkcs7-der.js';
import { SignatureError } from './signature-error.js';

export type SignatureDigest = 'sha256' | 'sha384' | 'sha512';
/** As `KeyObject.asymmetricKeyType` of node:crypto names it. */
export type SignatureKey = 'rsa' | 'ec';

export interface SignedData {
  /** DER of the certificates that came along; who they belong to is not yet known */
  readonly certificates: readonly Uint8Array[];
  readonly signer: CertificateName;
  readonly digest: SignatureDigest;
  readonly key: SignatureKey;
  readonly signature: Uint8Array;
}

/** What names one certificate: DER of its issuer, and the content of its serial number's INTEGER. */
export interface CertificateName {
  readonly issuer: Uint8Array;
  readonly serial: Uint8Array;
}

export interface CertificateFields extends CertificateName {
  /** undefined where the issuer signed with a digest or key that is not accepted here */
  readonly algorithm: SignatureAlgorithm | undefined;
}

interface SignatureAlgorithm {
  readonly key: SignatureKey;
  /** undefined: said elsewhere */
  readonly digest?: SignatureDigest;
}

const SIGNED_DATA = '2a864886f70d010702';
const DATA = '2a864886f70d010701';

const DIGESTS: ReadonlyMap<string, SignatureDigest> = new Map([
  ['608648016503040201', 'sha256'],
  ['608648016503040202', 'sha384'],
  ['608648016503040203', 'sha512'],
]);

/** rsaEncryption, shaNWithRSAEncryption, ecdsa-with-SHAn. */
const SIGNATURES: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['2a864886f70d010101', { key: 'rsa' }],
  ['2a864886f70d01010b', { key: 'rsa', digest: 'sha256' }],
  ['2a864886f70d01010c', { key: 'rsa', digest: 'sha384' }],
  ['2a864886f70d01010d', { key: 'rsa', digest: 'sha512' }],
  ['2a8648ce3d040302', { key: 'ec', digest: 'sha256' }],
  ['2a8648ce3d040303', { key: 'ec', digest: 'sha384' }],
  ['2a8648ce3d040304', { key: 'ec', digest: 'sha512' }],
]);

/** Throws SignatureError 'signature-malformed', 'signature-unsupported', 'signature-weak'. */
export function parseSignedData(der: Uint8Array): SignedData {
  const file = new DerReader(der, 'the signature');
  const contentInfo = file.enter(Tag.sequence, 'ContentInfo');
  file.end();
  requireIdentifier(contentInfo, SIGNED_DATA, 'PKCS#7 SignedData');
  const explicit = contentInfo.enter(Tag.context0, 'the content of ContentInfo');
  contentInfo.end();
  const signedData = explicit.enter(Tag.sequence, 'SignedData');
  explicit.end();

  requireVersion(signedData, 'SignedData');
  const digests = signedData.enter(Tag.set, 'digestAlgorithms');
  const digest = readDigest(digests);
  if (!digests.atEnd) throw unsupported('it lists several digest algorithms; one is accepted');
  readContentType(signedData);
  const certificates = readCertificates(signedData);
  if (signedData.nextIs(Tag.context1)) {
    throw unsupported('it carries revocation lists, which nothing here reads; sign without them');
  }
  const signers = signedData.enter(Tag.set, 'signerInfos');
  signedData.end();
  const signer = signers.enter(Tag.sequence, 'SignerInfo');
  if (!signers.atEnd) throw unsupported('it has several signers; one is accepted');
  return { certificates, ...readSigner(signer, digest) };
}

/** The fields of a certificate (RFC 5280 §4.1) that link it to a signature. Throws as parseSignedData does. */
export function parseCertificate(der: Uint8Array): CertificateFields {
  const file = new DerReader(der, 'the certificate');
  const certificate = file.enter(Tag.sequence, 'Certificate');
  file.end();
  const fields = certificate.enter(Tag.sequence, 'TBSCertificate');
  if (fields.nextIs(Tag.context0)) fields.read(Tag.context0, 'version');
  const serial = fields.read(Tag.integer, 'serialNumber').content;
  fields.read(Tag.sequence, 'signature');
  const issuer = fields.read(Tag.sequence, 'issuer').whole;
  // Whatever parameters it has: an algorithm that takes some is none of those that are accepted.
  const identifier = certificate
    .enter(Tag.sequence, 'signatureAlgorithm')
    .read(Tag.objectIdentifier, 'the algorithm of signatureAlgorithm').content;
  const algorithm = SIGNATURES.get(hexOf(identifier));
  certificate.read(Tag.bitString, 'signatureValue');
  certificate.end();
  return { issuer, serial, algorithm: algorithm?.digest === undefined ? undefined : algorithm };
}

/** Detached: the type of the content, and no content. */
function readContentType(signedData: DerReader): void {
  const content = signedData.enter(Tag.sequence, 'contentInfo');
  requireIdentifier(content, DATA, 'PKCS#7 data');
  if (!content.atEnd) {
    throw unsupported(
      'it holds what it signs; a detached signature is accepted (openssl smime -sign -binary)',
    );
  }
}

function readCertificates(signedData: DerReader): Uint8Array[] {
  const certificates: Uint8Array[] = [];
  if (!signedData.nextIs(Tag.context0)) return certificates;
  const list = signedData.enter(Tag.context0, 'certificates');
  while (!list.atEnd) certificates.push(list.read(Tag.sequence, 'Certificate').whole);
  return certificates;
}

function readSigner(
  signer: DerReader,
  digest: SignatureDigest,
): Pick<SignedData, 'signer' | 'digest' | 'key' | 'signature'> {
  requireVersion(signer, 'SignerInfo');
  const name = signer.enter(Tag.sequence, 'issuerAndSerialNumber');
  const issuer = name.read(Tag.sequence, 'issuer').whole;
  const serial = name.read(Tag.integer, 'serialNumber').content;
  name.end();
  const own = readDigest(signer);
  if (own !== digest) throw malformed(`the signer used ${own}, the list of digest algorithms has ${digest}`);
  if (signer.nextIs(Tag.context0)) {
    throw unsupported('it has signed attributes; sign the root hash alone (openssl smime -sign -noattr)');
  }
  const identifier = readAlgorithm(signer, 'digestEncryptionAlgorithm');
  const algorithm = SIGNATURES.get(identifier);
  if (algorithm === undefined) {
    throw unsupported(
      `its signature algorithm (OID ${identifier} in hex) is neither RSA nor ECDSA with SHA-2`,
    );
  }
  if (algorithm.digest !== undefined && algorithm.digest !== digest) {
    throw malformed(`its signature algorithm says ${algorithm.digest}, its digest algorithm ${digest}`);
  }
  const signature = signer.read(Tag.octetString, 'encryptedDigest').content;
  if (!signer.atEnd) throw unsupported('it has unsigned attributes, which nobody vouches for');
  return { signer: { issuer, serial }, digest, key: algorithm.key, signature };
}

function readDigest(reader: DerReader): SignatureDigest {
  const identifier = readAlgorithm(reader, 'digestAlgorithm');
  const digest = DIGESTS.get(identifier);
  if (digest !== undefined) return digest;
  throw new SignatureError(
    'signature-weak',
    `the signature: its digest algorithm (OID ${identifier} in hex) is none of SHA-256, SHA-384, SHA-512; sign again with -md sha256`,
  );
}

/** AlgorithmIdentifier without parameters, or with NULL; gives the object identifier's content as hex. */
function readAlgorithm(reader: DerReader, what: string): string {
  const algorithm = reader.enter(Tag.sequence, what);
  const identifier = algorithm.read(Tag.objectIdentifier, `the algorithm of ${what}`).content;
  if (!algorithm.atEnd && !algorithm.nextIs(Tag.null)) {
    throw unsupported(
      `${what} (OID ${hexOf(identifier)} in hex) has parameters, as RSA-PSS has; sign with RSA PKCS#1 v1.5 or ECDSA`,
    );
  }
  if (!algorithm.atEnd && algorithm.read(Tag.null, `the parameters of ${what}`).content.length > 0) {
    throw malformed(`${what} has a NULL with content`);
  }
  algorithm.end();
  return hexOf(identifier);
}

function requireIdentifier(reader: DerReader, expected: string, what: string): void {
  const found = hexOf(reader.read(Tag.objectIdentifier, 'contentType').content);
  if (found !== expected)
    throw malformed(`its content type (OID ${found} in hex) is not ${what} (${expected})`);
}

/** Version 1 is the one whose signer is named by issuer and serial number. */
function requireVersion(reader: DerReader, what: string): void {
  const version = hexOf(reader.read(Tag.integer, `the version of ${what}`).content);
  if (version !== '01') {
    throw unsupported(
      `${what} has version 0x${version}; version 1 is accepted (signer by issuer and serial)`,
    );
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function malformed(problem: string): SignatureError {
  return new SignatureError('signature-malformed', `the signature: ${problem}`);
}

function unsupported(problem: string): SignatureError {
  return new SignatureError('signature-unsupported', `the signature: ${problem}`);
}
