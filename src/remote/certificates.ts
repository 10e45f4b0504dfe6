/** Whose certificates are trusted, and what this client shows of itself: from files in PEM form to what TLS takes. */
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import type { CertificateOptions, ClientPair } from './http-options.js';
import { RemoteError } from './remote-blob.js';

/** Options of tls.connect; empty where the system's defaults hold. The context is read once for all connections. */
export interface TrustOptions {
  readonly secureContext?: tls.SecureContext;
}

/** Throws RemoteError 'options' for certificates that do not fit, the system's error for files that cannot be read. */
export function readCertificates(options: CertificateOptions): TrustOptions {
  const pairs = [...ownPair(options), ...(options.clientPairs ?? [])];
  const authorities = trustedAuthorities(options);
  if (authorities === undefined && pairs.length === 0) return {};
  const context: tls.SecureContextOptions = {
    ...(authorities !== undefined && { ca: [...authorities] }),
    ...(pairs.length > 0 && {
      cert: pairs.map(({ certificateFile }) => readFileSync(certificateFile, 'utf8')),
      key: pairs.map(({ keyFile }) => readFileSync(keyFile, 'utf8')),
    }),
  };
  try {
    return { secureContext: tls.createSecureContext(context) };
  } catch (error) {
    const files = new Set([
      ...caFilesOf(options),
      ...pairs.flatMap((pair) => [pair.certificateFile, pair.keyFile]),
    ]);
    const message = `${[...files].join(', ')} cannot be used for TLS: ${(error as Error).message}`;
    throw new RemoteError('options', message);
  }
}

/**
 * Certificates in PEM form; undefined: those of the system. Further ones go beside these, for redirects lead from a private
 * registry to public storage.
 */
export function trustedAuthorities(options: CertificateOptions): readonly string[] | undefined {
  const given = caFilesOf(options).map(readAuthority);
  if (given.length === 0) return undefined;
  return options.caFile === undefined ? [...given, ...defaultAuthorities()] : given;
}

const caFilesOf = ({ caFile, furtherCaFiles = [] }: CertificateOptions): readonly string[] =>
  caFile === undefined ? furtherCaFiles : [caFile, ...furtherCaFiles];

function ownPair({ clientCertificateFile, clientKeyFile }: CertificateOptions): readonly ClientPair[] {
  if (clientCertificateFile === undefined && clientKeyFile === undefined) return [];
  if (clientCertificateFile !== undefined && clientKeyFile !== undefined) {
    return [{ certificateFile: clientCertificateFile, keyFile: clientKeyFile }];
  }
  const given = clientCertificateFile ?? clientKeyFile;
  throw new RemoteError('options', `${given} was given alone: a client certificate and its key go together`);
}

function readAuthority(file: string): string {
  const text = readFileSync(file, 'utf8');
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new RemoteError('options', `${file} has no certificate in PEM form`);
}

/** What Node trusts where nothing is said; getCACertificates, since Node 22.15, knows of its flags as well. */
function defaultAuthorities(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => readonly string[] };
  if (getCACertificates !== undefined) return getCACertificates('default');
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  return extra ? [...tls.rootCertificates, readAuthority(extra)] : tls.rootCertificates;
}
