/** What a document says of another document or a blob: image-spec descriptor.md. */
import { foreignJson } from '../verity/foreign-json.js';
import { hasDigest, isDigest } from './digest.js';
import { RegistryError } from './errors.js';
import type { Platform } from './platform.js';

export interface Descriptor {
  readonly mediaType: string;
  /** "sha256:HEX" or "sha512:HEX" */
  readonly digest: string;
  /** bytes */
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly platform?: Platform;
  /** all of it, where it is so small that it stands in the document; it has the digest */
  readonly data?: Uint8Array;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `place` is the descriptor's, for people: "layer 2 of sha256:…". Throws RegistryError 'corrupt' or 'unsupported'. */
export function readDescriptor(value: unknown, place: string): Descriptor {
  if (!isObject(value)) throw corrupt(place, 'no object', 'a descriptor');
  const { mediaType, digest, size, artifactType, data } = value;
  if (typeof mediaType !== 'string')
    throw corrupt(place, `the mediaType ${foreignJson(mediaType)}`, 'a string');
  if (typeof digest !== 'string' || !isDigest(digest)) {
    if (typeof digest === 'string' && /^[a-z0-9+._-]+:[a-z0-9=_-]+$/i.test(digest)) {
      throw new RegistryError(
        'unsupported',
        `${place} has a digest that is not read here: ${foreignJson(digest)}`,
      );
    }
    throw corrupt(place, `the digest ${foreignJson(digest)}`, 'sha256: or sha512: and hexadecimal digits');
  }
  if (!Number.isSafeInteger(size) || (size as number) < 0) {
    throw corrupt(place, `the size ${foreignJson(size)}`, 'a number of bytes');
  }
  return {
    mediaType,
    digest,
    size: size as number,
    annotations: readAnnotations(value.annotations, place),
    ...(typeof artifactType === 'string' && { artifactType }),
    ...(isObject(value.platform) && { platform: readPlatform(value.platform) }),
    ...(data !== undefined && { data: readData(data, { digest, size: size as number }, place) }),
  };
}

export function readAnnotations(value: unknown, place: string): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw corrupt(place, `the annotations ${foreignJson(value)}`, 'an object');
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string')
      throw corrupt(place, `the annotation ${name}: ${foreignJson(text)}`, 'a string');
  }
  return value as Readonly<Record<string, string>>;
}

/** Names that are missing are empty: they match no machine. */
export function readPlatform(value: JsonObject): Platform {
  const text = (name: string): string => (typeof value[name] === 'string' ? value[name] : '');
  const features = value['os.features'];
  const osFeatures = Array.isArray(features) ? features.filter((name) => typeof name === 'string') : [];
  return {
    os: text('os'),
    architecture: text('architecture'),
    ...(text('variant') !== '' && { variant: text('variant') }),
    ...(text('os.version') !== '' && { osVersion: text('os.version') }),
    ...(osFeatures.length > 0 && { osFeatures }),
  };
}

function readData(
  data: unknown,
  { digest, size }: { readonly digest: string; readonly size: number },
  place: string,
): Uint8Array {
  const bytes = Buffer.from(typeof data === 'string' ? data : '', 'base64');
  if (bytes.length !== size || !hasDigest(bytes, digest)) {
    throw corrupt(place, 'data of another size or digest than it states', 'the bytes themselves, in base64');
  }
  return bytes;
}

export const corrupt = (place: string, found: string, expected: string): RegistryError =>
  new RegistryError('corrupt', `${place} cannot be used: it has ${found}, where ${expected} was expected`);
