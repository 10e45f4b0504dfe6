/**
 * Images of an archive that `docker save` wrote: manifest.json lists configs and layers by their names in the archive; newer ones are OCI
 * layouts as well, and are read as such (moby image/spec).
 *
 * The manifest that a registry would have is made here. An unpacked layer's digest is its diff id; that of a packed one is told by its
 * bytes alone.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import type { BlobPlace } from '../layers/layer-blob.js';
import { ArchiveFiles } from './archive-files.js';
import { type Descriptor, isObject, type JsonObject } from './descriptor.js';
import { digestOf, hasDigest } from './digest.js';
import { RegistryError } from './errors.js';
import { type FilePart, readFully, readPart } from './file-part.js';
import type { FoundDocument, ImageCollection } from './image-collection.js';
import { type DockerArchiveReference, parseImageReference, referenceText } from './image-reference.js';
import { LayoutImages } from './layout-images.js';
import { DOCUMENT_LIMIT, parseConfig } from './manifest.js';
import { DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST } from './media-types.js';

interface SavedImage {
  readonly config: string;
  /** in full */
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

/** Throws RegistryError, or the system's error. */
export function openDockerArchive({ path, name }: DockerArchiveReference): ImageCollection {
  const files = new ArchiveFiles(resolve(path));
  const isLayout = files.find('oci-layout') !== undefined && files.find('index.json') !== undefined;
  return isLayout
    ? new LayoutImages(files, name === undefined ? {} : { tag: name })
    : new SavedImages(files, name);
}

class SavedImages implements ImageCollection {
  readonly #files: ArchiveFiles;
  readonly #name: string | undefined;
  readonly #parts = new Map<string, FilePart>();

  constructor(files: ArchiveFiles, name: string | undefined) {
    this.#files = files;
    this.#name = name;
  }

  nameOf(digest: string): string {
    return `${this.#files.path}@${digest}`;
  }

  /** The manifest that a registry would have of the image. */
  async root(): Promise<FoundDocument> {
    const { config, layers } = this.#choose(this.#readImages());
    const configPart = this.#find(config);
    const configBytes = readPart(configPart, DOCUMENT_LIMIT, config);
    const { diffIds } = parseConfig(configBytes, `${config} of ${this.#files.path}`);
    const manifest = {
      schemaVersion: 2,
      mediaType: DOCKER_MANIFEST,
      config: this.#describe(DOCKER_CONFIG, digestOf(configBytes), configPart),
      layers: layers.map((name, index) => this.#describeLayer(this.#find(name), diffIds[index])),
    };
    const bytes = Buffer.from(JSON.stringify(manifest));
    return { bytes, digest: digestOf(bytes), mediaType: DOCKER_MANIFEST };
  }

  async document({ digest }: Descriptor): Promise<FoundDocument> {
    throw new RegistryError('not-found', `${this.nameOf(digest)}: there is no such document`);
  }

  async smallBlob({ digest }: Descriptor): Promise<Uint8Array> {
    const bytes = readPart(this.#partOf(digest), DOCUMENT_LIMIT, this.nameOf(digest));
    if (hasDigest(bytes, digest)) return bytes;
    throw new RegistryError('corrupt', `${this.nameOf(digest)} has changed while it was read`);
  }

  place({ digest }: Descriptor): BlobPlace {
    const { path, offset } = this.#partOf(digest);
    return { kind: 'file', path, offset };
  }

  /** Who knows a layer's digest knows its manifest, where its size is. */
  async sizeOf(): Promise<undefined> {
    return undefined;
  }

  async referrers(): Promise<readonly Descriptor[]> {
    return [];
  }

  async close(): Promise<void> {}

  #describeLayer(part: FilePart, diffId: string | undefined): object {
    const compression = compressionOf(part);
    const digest = compression === '' ? diffId : undefined;
    return this.#describe(DOCKER_LAYER + compression, digest ?? hashPart(part), part);
  }

  #describe(mediaType: string, digest: string, part: FilePart): object {
    this.#parts.set(digest, part);
    return { mediaType, digest, size: part.size };
  }

  #partOf(digest: string): FilePart {
    const part = this.#parts.get(digest);
    if (part === undefined) throw new RegistryError('not-found', `${this.#files.path} has no blob ${digest}`);
    return part;
  }

  #find(name: string): FilePart {
    const part = this.#files.find(name);
    if (part === undefined)
      throw new RegistryError(
        'corrupt',
        `${this.#files.path} has no member ${name}, which its manifest.json names`,
      );
    return part;
  }

  #readImages(): readonly SavedImage[] {
    const part = this.#files.find('manifest.json');
    if (part === undefined) {
      throw new RegistryError(
        'not-found',
        `${this.#files.path} is not what docker save writes: there is no manifest.json in it`,
      );
    }
    const place = `manifest.json of ${this.#files.path}`;
    let list: unknown;
    try {
      list = JSON.parse(Buffer.from(readPart(part, DOCUMENT_LIMIT, place)).toString('utf8'));
    } catch (error) {
      if (error instanceof RegistryError) throw error;
      list = undefined;
    }
    const images = Array.isArray(list) ? list.map(readImage) : [];
    if (images.length > 0 && images.every((image) => image !== undefined)) return images;
    throw new RegistryError('corrupt', `${place} lists no images with their configs and layers`);
  }

  #choose(images: readonly SavedImage[]): SavedImage {
    const name = this.#name;
    const found = name === undefined ? images : images.filter(({ names }) => names.includes(name));
    if (found.length === 1) return found[0]!;
    const names = images.flatMap((image) => image.names);
    if (found.length === 0) {
      throw new RegistryError(
        'not-found',
        `${this.#files.path} has no image ${name}; there is: ${names.join(', ')}`,
      );
    }
    throw new RegistryError(
      'reference',
      `${this.#files.path} has ${found.length} images: add one of ${names.map((other) => `:${other}`).join(', ')}`,
    );
  }
}

function readImage(value: unknown): SavedImage | undefined {
  const { Config, RepoTags, Layers }: JsonObject = isObject(value) ? value : {};
  const names = RepoTags ?? [];
  if (typeof Config !== 'string' || !areTexts(Layers) || !areTexts(names)) return undefined;
  return { config: Config, layers: Layers, names: names.map(fullName) };
}

const areTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((text) => typeof text === 'string');

/** Docker leaves its own registry out. */
function fullName(name: string): string {
  try {
    return referenceText(parseImageReference(`docker://${name}`));
  } catch {
    // nobody can ask for what is no name
    return name;
  }
}

/** The suffix of the media type. */
function compressionOf(part: FilePart): '' | '.gzip' | '.zstd' {
  const start = readStart(part);
  if (start.readUInt16BE(0) === 0x1f8b) return '.gzip';
  return start.readUInt32BE(0) === 0x28b52ffd ? '.zstd' : '';
}

function readStart({ path, offset, size }: FilePart): Buffer {
  const bytes = Buffer.alloc(4);
  const file = openSync(path, 'r');
  try {
    readFully(file, bytes.subarray(0, Math.min(4, size)), offset);
    return bytes;
  } finally {
    closeSync(file);
  }
}

const PIECE = 1 << 20;

function hashPart({ path, offset, size }: FilePart): string {
  const hash = createHash('sha256');
  const piece = new Uint8Array(PIECE);
  const file = openSync(path, 'r');
  try {
    for (let at = 0; at < size; at += PIECE) {
      const bytes = piece.subarray(0, Math.min(PIECE, size - at));
      readFully(file, bytes, offset + at);
      hash.update(bytes);
    }
    return `sha256:${hash.digest('hex')}`;
  } finally {
    closeSync(file);
  }
}
