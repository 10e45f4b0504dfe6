/** A blob of a repository as RemoteBlob: from the registry's mirrors and from itself, whoever has it. */
import { openPinnedBlob } from '../remote/http-blob.js';
import type { HttpOptions } from '../remote/http-options.js';
import type { RemoteBlob } from '../remote/remote-blob.js';
import { RegistryError } from './errors.js';
import { apiUrl, certificatesOf, registryHosts } from './hosts.js';
import { authoritiesOf } from './registry-access.js';
import type { RegistrySpec } from './registry-spec.js';

/** Structured-clonable. */
export interface RepositoryPlace {
  /** HOST or HOST:PORT, as the user names it */
  readonly registry: string;
  readonly repository: string;
}

export interface RepositoryBlob {
  readonly digest: string;
  /** bytes */
  readonly size: number;
  /** what people call it */
  readonly name: string;
}

/**
 * Nothing is asked before the first range is wanted. Its id is the digest: two repositories with one blob have it in common. Throws
 * RegistryError 'reference' or 'configuration', RemoteError 'options', or the system's error for files of certificates.
 */
export function registryBlob(
  { registry, repository }: RepositoryPlace,
  { digest, size, name }: RepositoryBlob,
  spec: RegistrySpec = {},
  http: HttpOptions = {},
): RemoteBlob {
  const hosts = registryHosts(registry, spec).filter(({ canPull }) => canPull);
  if (hosts.length === 0) {
    throw new RegistryError(
      'configuration',
      `${name} cannot be read: hosts.toml names no host with the capability "pull"`,
    );
  }
  const authorities = authoritiesOf(http);
  const places = hosts.map((host) => ({
    url: apiUrl(host, `${repository}/blobs/${digest}`),
    authority: authorities.of(host, repository),
    certificates: certificatesOf(host, http),
  }));
  return openPinnedBlob(places, { id: digest, name, size }, http);
}
