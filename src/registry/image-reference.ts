/**
 * How container images are named:
 *
 *     oci://[REGISTRY/]REPOSITORY[:TAG][@DIGEST]     docker:// is the same
 *     oci-layout:FOLDER[:TAG][@DIGEST]
 *     oci-archive:FILE[:TAG][@DIGEST]
 *     docker-archive:FILE[:NAME[:TAG]]
 *
 * Names without a registry are Docker Hub's, as Docker reads them. Paths end at the first colon.
 */
import { isDigest } from './digest.js';
import { credentialHostOf, DOCKER_HUB } from './docker-hub.js';
import { RegistryError } from './errors.js';

export interface RegistryReference {
  readonly kind: 'registry';
  /** HOST or HOST:PORT in lower case; "docker.io" for Docker Hub */
  readonly registry: string;
  readonly repository: string;
  /** goes along with a digest without being used */
  readonly tag?: string;
  readonly digest?: string;
}

export interface LayoutReference {
  readonly kind: 'oci-layout' | 'oci-archive';
  /** as it was given */
  readonly path: string;
  /** a tag, or what else was written beside the image; undefined: the only one */
  readonly tag?: string;
  readonly digest?: string;
}

export interface DockerArchiveReference {
  readonly kind: 'docker-archive';
  /** as it was given */
  readonly path: string;
  /** "docker.io/library/debian:12"; undefined: the only image */
  readonly name?: string;
}

export type ImageReference = RegistryReference | LayoutReference | DockerArchiveReference;

const SCHEME = /^(oci:\/\/|docker:\/\/|oci-layout:|oci-archive:|docker-archive:)/i;

const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const REGISTRY = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;
const ANNOTATED_NAME = /^[a-zA-Z0-9_][a-zA-Z0-9._\-/:+@]{0,383}$/;
/** of registry and repository together, as registries have it */
const LONGEST_NAME = 255;

/** Whether a text says that it names a container image; what it names may still be wrong. */
export const isImageReference = (text: string): boolean => SCHEME.test(text);

/** Throws RegistryError 'reference', which says what is wrong. */
export function parseImageReference(text: string): ImageReference {
  const scheme = SCHEME.exec(text)?.[0].toLowerCase();
  const rest = text.slice(scheme?.length ?? 0);
  if (scheme === undefined) throw wrong(text, 'it has no scheme: oci://REGISTRY/NAME:TAG was expected');
  if (scheme.endsWith('//')) return parseRegistryReference(rest, text);
  if (scheme === 'docker-archive:') return parseDockerArchive(rest, text);
  const { name, digest } = splitDigest(rest, text);
  const [path, tag] = splitAtFirst(name);
  if (path === '') throw wrong(text, 'it names no file');
  if (tag !== undefined) checkAnnotatedName(tag, text);
  const kind = scheme === 'oci-layout:' ? 'oci-layout' : 'oci-archive';
  return { kind, path, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

/** In full, as it is looked up: "docker.io/library/debian:12", "oci-layout:FOLDER". */
export function referenceText(reference: ImageReference): string {
  if (reference.kind === 'docker-archive') {
    const { path, name } = reference;
    return `docker-archive:${path}${name === undefined ? '' : `:${name}`}`;
  }
  const { tag, digest } = reference;
  const start =
    reference.kind === 'registry'
      ? `${reference.registry}/${reference.repository}`
      : `${reference.kind}:${reference.path}`;
  return `${start}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function parseRegistryReference(rest: string, text: string): RegistryReference {
  if (/[?#]/.test(rest)) throw wrong(text, 'a name of an image has no "?" and no "#"');
  const { name, digest } = splitDigest(rest, text);
  if (name.includes('@')) {
    throw wrong(text, 'credentials do not belong into a name: log in with docker, podman or oras login');
  }
  const { registry, path } = splitRegistry(name);
  if (!REGISTRY.test(registry)) throw wrong(text, `${registry} is no HOST or HOST:PORT`);
  const [repository, tag] = splitAtFirst(path);
  checkRepository(repository, text);
  if (tag !== undefined) checkTag(tag, text);
  if (registry.length + 1 + repository.length > LONGEST_NAME) {
    throw wrong(text, `its name is longer than ${LONGEST_NAME} characters`);
  }
  const isFromHub = credentialHostOf(registry) === DOCKER_HUB;
  return {
    kind: 'registry',
    registry: isFromHub ? DOCKER_HUB : registry,
    repository: isFromHub && !repository.includes('/') ? `library/${repository}` : repository,
    ...(tag !== undefined ? { tag } : digest === undefined && { tag: 'latest' }),
    ...(digest !== undefined && { digest }),
  };
}

/** What stands before the first slash is a host if it looks like one, as Docker has it. */
function splitRegistry(name: string): { readonly registry: string; readonly path: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = /[.:[]/.test(first) || first.toLowerCase() === 'localhost';
  if (!isHost) return { registry: DOCKER_HUB, path: name };
  return { registry: first.toLowerCase(), path: name.slice(slash + 1) };
}

function parseDockerArchive(rest: string, text: string): DockerArchiveReference {
  const [path, name] = splitAtFirst(rest);
  if (path === '') throw wrong(text, 'it names no file');
  if (name === undefined) return { kind: 'docker-archive', path };
  const { kind: _, ...image } = parseRegistryReference(name, text);
  if (image.digest !== undefined) throw wrong(text, 'images of such an archive have no digest');
  return { kind: 'docker-archive', path, name: referenceText({ kind: 'registry', ...image }) };
}

function splitDigest(
  rest: string,
  text: string,
): { readonly name: string; readonly digest: string | undefined } {
  const at = rest.lastIndexOf('@');
  const digest = rest.slice(at + 1);
  if (at < 0) return { name: rest, digest: undefined };
  if (isDigest(digest)) return { name: rest.slice(0, at), digest };
  // a path may have an @ of its own
  if (!/^(sha\d|[a-z0-9]+:[0-9a-f]{32})/i.test(digest) || digest.includes('/'))
    return { name: rest, digest: undefined };
  throw wrong(text, `@${digest} is no digest: sha256: and 64 hexadecimal digits in lower case were expected`);
}

function splitAtFirst(text: string): [string, string | undefined] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}

function checkRepository(repository: string, text: string): void {
  if (REPOSITORY.test(repository)) return;
  if (repository === '') throw wrong(text, 'it names no repository');
  if (/[A-Z]/.test(repository))
    throw wrong(text, `${repository} has capital letters, which no repository has`);
  throw wrong(
    text,
    `${repository} is no repository: lower case letters and digits were expected, with single . _ - or / between them`,
  );
}

function checkTag(tag: string, text: string): void {
  if (TAG.test(tag)) return;
  throw wrong(
    text,
    tag.length > 128
      ? 'its tag is longer than 128 characters'
      : `${JSON.stringify(tag)} is no tag: letters, digits, _ . and - were expected`,
  );
}

/** Tools write a tag there, or all of the name. */
function checkAnnotatedName(name: string, text: string): void {
  if (ANNOTATED_NAME.test(name)) return;
  throw wrong(text, `${JSON.stringify(name)} is no tag: letters, digits and _ . - / : + were expected`);
}

/** Whoever wrote a password into it does not see it again. */
const wrong = (text: string, reason: string): RegistryError =>
  new RegistryError('reference', `${text.replace(/\/\/.*@(?!sha\d+:)/, '//…@')}: ${reason}`);
