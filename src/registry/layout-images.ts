/** Images of an OCI layout, as a folder or as an archive of one: image-spec image-layout.md. */

import { resolve } from 'node:path';
import type { BlobPlace } from '../layers/layer-blob.js';
import { foreignJson } from '../verity/foreign-json.js';
import { ArchiveFiles } from './archive-files.js';
import type { Descriptor } from './descriptor.js';
import { algorithmOf, digestOf, hasDigest, hexOf } from './digest.js';
import { RegistryError } from './errors.js';
import { type FilePart, FolderFiles, type NamedFiles, readPart } from './file-part.js';
import type { FoundDocument, ImageCollection } from './image-collection.js';
import type { LayoutReference } from './image-reference.js';
import { DOCUMENT_LIMIT, type ImageIndex, parseDocument, parseJson } from './manifest.js';
import { OCI_INDEX, OCI_MANIFEST } from './media-types.js';

/** What tools write beside an image: a tag, or all of its name. */
const NAMES = ['org.opencontainers.image.ref.name', 'io.containerd.image.name'] as const;

/** Throws RegistryError, or the system's error. */
export function openLayout(reference: LayoutReference): LayoutImages {
  const path = resolve(reference.path);
  const files = reference.kind === 'oci-layout' ? new FolderFiles(path) : new ArchiveFiles(path);
  return new LayoutImages(files, reference);
}

export class LayoutImages implements ImageCollection {
  readonly #files: NamedFiles;
  readonly #wanted: Pick<LayoutReference, 'tag' | 'digest'>;

  constructor(files: NamedFiles, wanted: Pick<LayoutReference, 'tag' | 'digest'>) {
    this.#files = files;
    this.#wanted = wanted;
  }

  nameOf(digest: string): string {
    return `${this.#files.path}@${digest}`;
  }

  async root(): Promise<FoundDocument> {
    this.#checkVersion();
    const bytes = this.#readNamed('index.json');
    const place = `index.json of ${this.#files.path}`;
    const index = parseDocument(bytes, place, OCI_INDEX) as ImageIndex;
    const { tag, digest } = this.#wanted;
    if (digest !== undefined) return this.#rootByDigest(index, digest);
    const found =
      tag === undefined ? index.manifests : index.manifests.filter((entry) => isNamed(entry, tag));
    const digests = new Set(found.map((entry) => entry.digest));
    if (digests.size === 1) return this.document(found[0]!);
    const isOneImage =
      tag === undefined && found.length > 0 && found.every(({ platform }) => platform !== undefined);
    if (isOneImage) return { bytes, digest: digestOf(bytes), mediaType: OCI_INDEX };
    throw digests.size === 0 ? this.#absent(index) : this.#ambiguous(found);
  }

  async document(descriptor: Descriptor): Promise<FoundDocument> {
    const { digest, mediaType } = descriptor;
    return { bytes: this.#readBlob(descriptor), digest, mediaType };
  }

  async smallBlob(descriptor: Descriptor): Promise<Uint8Array> {
    return this.#readBlob(descriptor);
  }

  place(descriptor: Descriptor): BlobPlace {
    const { path, offset } = this.#findBlob(descriptor);
    return { kind: 'file', path, offset };
  }

  async sizeOf(digest: string): Promise<number | undefined> {
    return this.#files.find(blobName(digest))?.size;
  }

  /** A layout lists them like any other image. */
  async referrers(digest: string, artifactType?: string): Promise<readonly Descriptor[]> {
    const index = parseDocument(
      this.#readNamed('index.json'),
      `index.json of ${this.#files.path}`,
      OCI_INDEX,
    ) as ImageIndex;
    const found: Descriptor[] = [];
    for (const descriptor of index.manifests) {
      const part = this.#files.find(blobName(descriptor.digest));
      if (descriptor.mediaType !== OCI_MANIFEST || part === undefined) continue;
      const { subject, artifactType: type } = parseJson(
        this.#readBlob(descriptor),
        this.nameOf(descriptor.digest),
      );
      if ((subject as { readonly digest?: unknown } | undefined)?.digest !== digest) continue;
      const own = descriptor.artifactType ?? (typeof type === 'string' ? type : undefined);
      const isWanted = artifactType === undefined || own === artifactType;
      if (isWanted) found.push({ ...descriptor, ...(own !== undefined && { artifactType: own }) });
    }
    return found;
  }

  async close(): Promise<void> {}

  #checkVersion(): void {
    const { imageLayoutVersion } = parseJson(
      this.#readNamed('oci-layout'),
      `oci-layout of ${this.#files.path}`,
    );
    if (imageLayoutVersion === '1.0.0') return;
    throw new RegistryError(
      'unsupported',
      `${this.#files.path} is a layout of version ${foreignJson(imageLayoutVersion)}; only 1.0.0 is known`,
    );
  }

  #rootByDigest(index: ImageIndex, digest: string): FoundDocument {
    const entry = index.manifests.find((manifest) => manifest.digest === digest);
    const part = this.#files.find(blobName(digest));
    if (part === undefined) throw this.#absentBlob(digest);
    const bytes = readPart(part, DOCUMENT_LIMIT, this.nameOf(digest));
    if (!hasDigest(bytes, digest)) throw this.#damage(digest);
    return { bytes, digest, mediaType: entry?.mediaType };
  }

  #readNamed(name: string): Uint8Array {
    const part = this.#files.find(name);
    if (part !== undefined) return readPart(part, DOCUMENT_LIMIT, `${name} of ${this.#files.path}`);
    throw new RegistryError(
      'not-found',
      `${this.#files.path} is no OCI layout: there is no file ${name} in it`,
    );
  }

  #readBlob(descriptor: Descriptor): Uint8Array {
    if (descriptor.data !== undefined) return descriptor.data;
    const bytes = readPart(this.#findBlob(descriptor), DOCUMENT_LIMIT, this.nameOf(descriptor.digest));
    if (!hasDigest(bytes, descriptor.digest)) throw this.#damage(descriptor.digest);
    return bytes;
  }

  #findBlob({ digest, size }: Descriptor): FilePart {
    const part = this.#files.find(blobName(digest));
    if (part === undefined) throw this.#absentBlob(digest);
    if (part.size === size) return part;
    throw new RegistryError(
      'corrupt',
      `${this.nameOf(digest)} has ${part.size} bytes, where the manifest says ${size}`,
    );
  }

  #damage(digest: string): RegistryError {
    return new RegistryError('corrupt', `${this.nameOf(digest)} is damaged: it has another digest`);
  }

  #absentBlob(digest: string): RegistryError {
    return new RegistryError('not-found', `${this.#files.path} has no blob ${digest}`);
  }

  #absent({ manifests }: ImageIndex): RegistryError {
    const { tag } = this.#wanted;
    const what = tag === undefined ? 'no image' : `no image ${tag}`;
    const names = namesOf(manifests);
    const others = names.length === 0 ? '' : `; there is: ${names.join(', ')}`;
    return new RegistryError('not-found', `${this.#files.path} has ${what}${others}`);
  }

  #ambiguous(found: readonly Descriptor[]): RegistryError {
    const names = namesOf(found).map((name) => `:${name}`);
    const choice = new Set(names).size > 1 ? names : found.map(({ digest }) => `@${digest}`);
    return new RegistryError(
      'reference',
      `${this.#files.path} has ${found.length} images: add one of ${choice.join(', ')}`,
    );
  }
}

const isNamed = ({ annotations }: Descriptor, name: string): boolean =>
  NAMES.some((key) => annotations[key] === name);

const namesOf = (manifests: readonly Descriptor[]): string[] =>
  manifests.flatMap(
    ({ annotations }) => NAMES.map((key) => annotations[key]).find((name) => name !== undefined) ?? [],
  );

const blobName = (digest: string): string => `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
