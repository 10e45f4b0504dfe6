/**
 * Where credentials for registries are, and whether they can be had and by nobody else.
 *
 * LAW: no helper is run and no secret is said: it may unlock a key ring, and this output is sent around.
 */
import { describe } from '../commands/failure.js';
import { type DockerConfig, readDockerConfig } from '../registry/docker-config.js';
import { RegistryError } from '../registry/errors.js';
import { bad, type Finding, good, warning } from './finding.js';
import type { Machine } from './machine.js';

const CHECK = 'credentials';

/** One finding for each file, or one that says that there is none. */
export function credentials(machine: Machine): Finding[] {
  const { environment, places } = machine;
  const findings = places.credentials.flatMap((file) => ofFile(machine, file) ?? []);
  if (environment.DOCKER_AUTH_CONFIG) findings.unshift(good(CHECK, 'DOCKER_AUTH_CONFIG is set'));
  if (findings.length > 0) return findings;
  return [good(CHECK, 'none: registries are asked as nobody in particular', 'docker login HOST')];
}

function ofFile(machine: Machine, file: string): Finding | undefined {
  const facts = machine.stat(file);
  let config: DockerConfig | undefined;
  try {
    config = readDockerConfig(file);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return bad(CHECK, describe(error), `mv ${file} ${file}.broken, and docker login HOST`);
  }
  if (facts === undefined || config === undefined) return undefined;
  const missing = helpersOf(config).find((helper) => machine.findProgram(helper) === undefined);
  if (missing !== undefined) {
    const remedy = `sudo apt install golang-docker-credential-helpers, or take it out of ${file}`;
    return bad(CHECK, `${file} names ${missing}, which is not on the PATH`, remedy);
  }
  if ((facts.mode & 0o077) !== 0) {
    const found = `others may look into ${file} (mode ${(facts.mode & 0o7777).toString(8)})`;
    return warning(CHECK, found, `chmod go= ${file}`);
  }
  const many = Object.keys(config.auths).length;
  return good(CHECK, [`${file}, hosts: ${many}`, ...helpersOf(config)].join(', '));
}

/** Programs, each once. */
function helpersOf({ credsStore, credHelpers }: DockerConfig): string[] {
  const names = [credsStore, ...Object.values(credHelpers)].filter((name) => typeof name === 'string');
  return [...new Set(names)].map((name) => `docker-credential-${name}`);
}
