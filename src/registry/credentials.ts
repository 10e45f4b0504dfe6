/**
 * Where credentials are looked for, in this order: DOCKER_AUTH_CONFIG, Docker's config.json, Podman's auth.json; in each file the
 * helper of the host, the helper of all hosts, what stands in the file. Nothing is kept: who asks again gets what holds then.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Credential } from './credential.js';
import { askHelper, type HelperOptions } from './credential-helper.js';
import {
  type CredentialTarget,
  type DockerConfig,
  helperAddress,
  helperOf,
  parseAuthVariable,
  readDockerConfig,
  storedCredential,
} from './docker-config.js';

export interface CredentialSources extends HelperOptions {
  /** the user's own, unless given */
  readonly home?: string;
}

/** Undefined: nobody in particular asks. Rejects with RegistryError 'credentials', or with the signal's reason. */
export async function findCredential(
  target: CredentialTarget,
  signal: AbortSignal,
  sources: CredentialSources = {},
): Promise<Credential | undefined> {
  const { environment = process.env } = sources;
  const { DOCKER_AUTH_CONFIG: variable } = environment;
  if (variable) {
    const found = storedCredential(parseAuthVariable(variable, 'DOCKER_AUTH_CONFIG'), target);
    if (found !== undefined) return found;
  }
  for (const file of credentialFiles(environment, sources.home ?? homedir())) {
    const config = readDockerConfig(file);
    const found = config && (await findIn(config, target, signal, sources));
    if (found !== undefined) return found;
  }
  return undefined;
}

async function findIn(
  config: DockerConfig,
  target: CredentialTarget,
  signal: AbortSignal,
  sources: CredentialSources,
): Promise<Credential | undefined> {
  const helper = helperOf(config, target);
  const found = helper && (await askHelper(helper, helperAddress(target), signal, sources));
  return found || storedCredential(config, target);
}

/** Files that are looked into, in this order; they need not exist. */
export function credentialFiles(environment: NodeJS.ProcessEnv, home: string): readonly string[] {
  const { DOCKER_CONFIG, XDG_RUNTIME_DIR, XDG_CONFIG_HOME } = environment;
  return [
    join(DOCKER_CONFIG || join(home, '.docker'), 'config.json'),
    ...(XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, 'containers/auth.json')] : []),
    join(XDG_CONFIG_HOME || join(home, '.config'), 'containers/auth.json'),
  ];
}
