/**
 * Manifests, indexes and configs of images: image-spec manifest.md, image-index.md and config.md, and their forerunners of Docker.
 *
 * LAW: a document is one thing: what reads as a manifest and as an index is refused, for two readers would see two images in it.
 */
import { foreignJson } from '../verity/foreign-json.js';
import {
  corrupt,
  type Descriptor,
  isObject,
  type JsonObject,
  readAnnotations,
  readDescriptor,
  readPlatform,
} from './descriptor.js';
import { RegistryError } from './errors.js';
import { isIndexType, isManifestType, isSchema1Type, OCI_INDEX, OCI_MANIFEST } from './media-types.js';
import type { Platform } from './platform.js';

export interface ImageManifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  /** the lowest first */
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ImageConfig {
  /** of the unpacked layers, in their order */
  readonly diffIds: readonly string[];
  readonly platform?: Platform;
}

/** 4 MiB: no registry need take more (distribution-spec, "Pushing Manifests"). */
export const DOCUMENT_LIMIT = 4 * 1024 * 1024;

/**
 * `place` is the document's, for people. `told` is the media type that came with it. Throws RegistryError 'corrupt' for what contradicts
 * itself, and 'unsupported' for other kinds of documents.
 */
export function parseDocument(bytes: Uint8Array, place: string, told?: string): ImageManifest | ImageIndex {
  const root = parseJson(bytes, place);
  const mediaType = mediaTypeOf(root, place, told);
  const annotations = readAnnotations(root.annotations, place);
  if (isIndexType(mediaType)) {
    const manifests = listOf(root.manifests, 'manifests', place).map((value, index) =>
      readDescriptor(value, `manifest ${index + 1} of ${place}`),
    );
    return { kind: 'index', mediaType, manifests, annotations };
  }
  const { artifactType } = root;
  return {
    kind: 'manifest',
    mediaType,
    ...(typeof artifactType === 'string' && artifactType !== '' && { artifactType }),
    config: readDescriptor(root.config, `the config of ${place}`),
    layers: listOf(root.layers, 'layers', place).map((value, index) =>
      readDescriptor(value, `layer ${index + 1} of ${place}`),
    ),
    annotations,
  };
}

/** Throws RegistryError 'corrupt'. */
export function parseConfig(bytes: Uint8Array, place: string): ImageConfig {
  const root = parseJson(bytes, place);
  const { rootfs = {} } = root;
  if (!isObject(rootfs)) throw corrupt(place, 'a rootfs that is none', 'an object');
  const diffIds = listOf(rootfs.diff_ids ?? [], 'diff_ids', place).map((id) => {
    if (typeof id === 'string') return id;
    throw corrupt(place, 'a diff id that is none', 'a digest');
  });
  return { diffIds, ...(typeof root.os === 'string' && { platform: readPlatform(root) }) };
}

/** An object of JSON. Throws RegistryError 'corrupt'. */
export function parseJson(bytes: Uint8Array, place: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw corrupt(place, 'what is no JSON', 'a JSON document');
  }
  if (!isObject(value)) throw corrupt(place, 'JSON of another kind', 'an object');
  return value;
}

function listOf(value: unknown, name: string, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw corrupt(place, `${name} that are no list`, 'a list');
}

/** What the document says itself goes before what came with it, which must not be another kind. */
function mediaTypeOf(root: JsonObject, place: string, told: string | undefined): string {
  const own = typeof root.mediaType === 'string' ? root.mediaType : undefined;
  const sent = told?.replace(/;.*$/s, '').trim().toLowerCase();
  if (root.schemaVersion === 1 || [own, sent].some((type) => type !== undefined && isSchema1Type(type))) {
    throw new RegistryError(
      'unsupported',
      `${place} is a manifest of Docker's schema 1, which is no longer read: push the image again with a current tool`,
    );
  }
  if (root.schemaVersion !== 2) {
    throw corrupt(place, `the schemaVersion ${foreignJson(root.schemaVersion)}`, '2');
  }
  const isIndex = root.manifests !== undefined;
  const isManifest = root.layers !== undefined || root.config !== undefined;
  if (isIndex && isManifest) throw corrupt(place, 'both manifests and layers', 'one of them');
  const known = [own, sent].filter(
    (type) => type !== undefined && (isIndexType(type) || isManifestType(type)),
  );
  if (own !== undefined && !known.includes(own)) {
    throw new RegistryError('unsupported', `${place} is ${own}, which is neither an image nor an index`);
  }
  if (known.some((type) => isIndexType(type!) !== isIndex)) {
    throw corrupt(
      place,
      `the media type ${known.join(' and ')}`,
      isIndex ? 'that of an index' : 'that of an image',
    );
  }
  return known[0] ?? (isIndex ? OCI_INDEX : OCI_MANIFEST);
}
