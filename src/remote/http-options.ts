/** What may be said about reading a blob over HTTP, and the limits that hold where nothing is said. */
import type { CredentialOptions } from './credentials.js';
import type { Arrival } from './remote-blob.js';

export interface HttpOptions extends CredentialOptions, CertificateOptions {
  /** URLs of the same blob, asked in this order where the first one fails */
  readonly mirrors?: readonly string[];
  /**
   * The bytes are verified by whoever reads them (a root hash): a mirror needs the same size only, where otherwise a
   * strong ETag or a date that differs from the first server's makes it another blob.
   */
  readonly verified?: boolean;
  /** redirects may lead from a public host to a private or loopback address */
  readonly allowPrivateRedirects?: boolean;
  /** bytes that the opening request asks for; 64 KiB unless given */
  readonly firstBytes?: number;
  /**
   * Gets what nobody fetched: the opening request's bytes, before the blob is returned, and each byte of a blob whose
   * server ignores Range.
   */
  readonly arrived?: Arrival;
  /** what a user should know, each once */
  readonly report?: (notice: HttpNotice) => void;
  readonly limits?: Partial<HttpLimits>;
}

/** PEM files. */
export interface CertificateOptions {
  /** certificates to trust instead of the system's */
  readonly caFile?: string;
  /** what this client shows of itself; both or none */
  readonly clientCertificateFile?: string;
  readonly clientKeyFile?: string;
  /** certificates to trust beside the system's */
  readonly furtherCaFiles?: readonly string[];
  /** what this client can show of itself beside the pair above */
  readonly clientPairs?: readonly ClientPair[];
  /** as in a URL, with the port that is not the scheme's own: its certificate is not checked, unless a proxy is between */
  readonly unverifiedHost?: string;
}

/** PEM files, which may be one and the same. */
export interface ClientPair {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/**
 * - `no-range`      the server ignores Range: all of the blob is read in its order
 * - `no-version`    neither a strong ETag nor a date: a change that keeps the size goes unnoticed
 * - `mirror-left`   a mirror has another blob, or cannot do ranges, and is asked no more
 * - `insecure`      a redirect led from https to http
 */
export interface HttpNotice {
  readonly code: 'no-range' | 'no-version' | 'mirror-left' | 'insecure';
  readonly message: string;
}

/** Times in milliseconds. */
export interface HttpLimits {
  /** requests at once to one host that speaks HTTP/1.1; background ones take at most half */
  readonly connections: number;
  /** requests at once to one host that speaks HTTP/2 */
  readonly streams: number;
  /** without any byte from the other side */
  readonly stall: number;
  /** for one fetch with all its tries; one in the background is counted from its first request on */
  readonly deadline: number;
  /** rounds over all mirrors that bring no new byte */
  readonly tries: number;
  /** the same for the opening request, for which somebody waits who may have mistyped the URL */
  readonly openingTries: number;
  /** bound of the first random pause between tries; it doubles up to the second */
  readonly pause: number;
  readonly longestPause: number;
  /** no Retry-After is waited for longer */
  readonly longestRetryAfter: number;
  /** a range of which fewer than `hedgeBelow` bytes came in this time is asked for a second time */
  readonly hedgeAfter: number;
  readonly hedgeBelow: number;
  /** so many failures in a row make a mirror rest for so long */
  readonly breakerFailures: number;
  readonly breakerRest: number;
  readonly redirects: number;
}

export const HTTP_LIMITS: HttpLimits = {
  connections: 8,
  streams: 32,
  stall: 10_000,
  deadline: 60_000,
  tries: 10,
  openingTries: 4,
  pause: 200,
  longestPause: 5_000,
  longestRetryAfter: 30_000,
  hedgeAfter: 2_000,
  hedgeBelow: 64 * 1024,
  breakerFailures: 3,
  breakerRest: 30_000,
  redirects: 10,
};

export const FIRST_BYTES = 64 * 1024;
