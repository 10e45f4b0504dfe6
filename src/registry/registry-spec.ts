/** What may be said about registries beyond how HTTP is spoken. Structured-clonable. */
export interface RegistrySpec {
  /** the registry itself is asked over http; a loopback address always is, except on port 443 */
  readonly plainHttp?: boolean;
  /** folders of HOST/hosts.toml, absolute; the first that knows the registry counts. DEFAULT: defaultHostsDirectories */
  readonly hostsDirectories?: readonly string[];
}
