/** What went wrong below HTTP, in words; certificates do not become right by asking again. */
import { FetchFailure } from './fetch-failure.js';
import { statusFailure } from './status-failure.js';

const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known to DNS',
  EAI_AGAIN: 'DNS has no answer at the moment',
  ECONNREFUSED: 'the connection was refused: nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its network',
  ETIMEDOUT: 'it could not be connected to in time',
  UND_ERR_CONNECT_TIMEOUT: 'it could not be connected to in time',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_INFO: 'the connection was cut',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer ended before its end',
  UND_ERR_HEADERS_OVERFLOW: 'the header of the answer is too long',
  EPROTO: 'TLS could not be agreed on',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: check the clock',
};

const CERTIFICATE = /CERT|SELF_SIGNED|ISSUER|LEAF_SIGNATURE|^CRL_/;

export function networkFailure(error: Error): FetchFailure {
  if (error instanceof FetchFailure) return error;
  const { code = error.name } = error as NodeJS.ErrnoException;
  // how undici tells what a proxy answered that did not let the request through
  const proxyStatus = /^Proxy .*\((\d{3})\)/.exec(error.message);
  if (proxyStatus !== null) return proxyFailure(Number(proxyStatus[1]));
  const words = WORDS[code];
  if (CERTIFICATE.test(code)) {
    const told = words ?? 'its certificate is not trusted: give the CA that issued it';
    return new FetchFailure('refused', `${told} (${code})`);
  }
  if (error.name === 'HTTPParserError') {
    return new FetchFailure('protocol', 'what answers does not speak HTTP', { transient: true });
  }
  return new FetchFailure('unreachable', `${words ?? error.message} (${code})`, { transient: true });
}

function proxyFailure(status: number): FetchFailure {
  const { code, message, transient } = statusFailure(status, {});
  return new FetchFailure(code, `the proxy does not let it through: ${message}`, { transient });
}
