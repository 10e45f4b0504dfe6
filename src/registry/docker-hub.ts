/** Docker Hub: one registry under several names. */

export const DOCKER_HUB = 'docker.io';

/** Where its API is. */
export const DOCKER_HUB_API = 'registry-1.docker.io';

const NAMES = new Set([DOCKER_HUB, DOCKER_HUB_API, 'index.docker.io']);

/** The one name under which credentials of a registry (HOST or HOST:PORT) are kept here. */
export function credentialHostOf(host: string): string {
  const name = host.toLowerCase();
  return NAMES.has(name) ? DOCKER_HUB : name;
}
