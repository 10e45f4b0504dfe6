/** One authority for each host and repository, however many blobs of it are read: they share its token. */
import type { HttpOptions } from '../remote/http-options.js';
import type { CredentialSources } from './credentials.js';
import type { RegistryHost } from './hosts.js';
import { RegistryAuthority } from './registry-authority.js';

export class RegistryAuthorities {
  readonly #http: HttpOptions;
  readonly #sources: CredentialSources;
  readonly #known = new Map<string, RegistryAuthority>();

  constructor(http: HttpOptions = {}, sources: CredentialSources = {}) {
    this.#http = http;
    this.#sources = sources;
  }

  of(host: RegistryHost, repository: string): RegistryAuthority {
    // all of it: one address may be a registry and another one's mirror, which must not get what is meant for the registry
    const key = JSON.stringify([host, repository]);
    const known = this.#known.get(key) ?? new RegistryAuthority(host, repository, this.#http, this.#sources);
    this.#known.set(key, known);
    return known;
  }
}
