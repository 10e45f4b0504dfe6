/** What requests to one registry share, whoever makes them: the documents of an image and each of its layers come with one token. */
import type { HttpOptions } from '../remote/http-options.js';
import { RegistryAuthorities } from './registry-authorities.js';

const known = new Map<string, RegistryAuthorities>();

/** The same ones for the same files and values of credentials. */
export function authoritiesOf(http: HttpOptions): RegistryAuthorities {
  const { headers, headerFile, token, tokenFile, allowPrivateRedirects, limits } = http;
  const { caFile, clientCertificateFile, clientKeyFile } = http;
  const key = JSON.stringify([
    [headers, headerFile, token, tokenFile, caFile, clientCertificateFile, clientKeyFile],
    [allowPrivateRedirects, limits],
  ]);
  const authorities = known.get(key) ?? new RegistryAuthorities(http);
  known.set(key, authorities);
  return authorities;
}
