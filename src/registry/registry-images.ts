/**
 * One image of a registry, with what is kept of it from before.
 *
 * LAW: what a digest names is asked for once; what a tag names is asked for each time, unless nobody can be asked.
 */
import type { BlobPlace } from '../layers/layer-blob.js';
import { type Descriptor, readDescriptor } from './descriptor.js';
import { digestOf } from './digest.js';
import { RegistryError } from './errors.js';
import type { FoundDocument, ImageCollection } from './image-collection.js';
import { type RegistryReference, referenceText } from './image-reference.js';
import { KeptDocuments } from './kept-documents.js';
import { type ImageIndex, parseDocument, parseJson } from './manifest.js';
import { OCI_INDEX } from './media-types.js';
import { fetchReferrers } from './referrers.js';
import { RegistryClient, type RegistryOptions } from './registry-client.js';

export interface RegistryImageOptions extends RegistryOptions {
  /** absolute; nothing is kept without it */
  readonly cacheDirectory?: string;
  /** nobody is asked */
  readonly offline?: boolean;
}

/** of a blob of which nobody says what it is */
const BLOB = 'application/octet-stream';

export class RegistryImages implements ImageCollection {
  readonly #reference: RegistryReference;
  readonly #client: RegistryClient;
  readonly #kept: KeptDocuments | undefined;
  readonly #isOffline: boolean;
  readonly #report: (problem: Error) => void;
  #isUnkept = false;

  /** Throws as registryHosts. */
  constructor(reference: RegistryReference, options: RegistryImageOptions = {}) {
    const { cacheDirectory, offline = false, report = () => {} } = options;
    this.#reference = reference;
    this.#client = new RegistryClient(reference.registry, reference.repository, options);
    this.#kept = cacheDirectory === undefined ? undefined : new KeptDocuments(cacheDirectory);
    this.#isOffline = offline;
    this.#report = report;
  }

  nameOf(digest: string): string {
    return `${this.#client.name}@${digest}`;
  }

  async root(): Promise<FoundDocument> {
    const { digest, tag } = this.#reference;
    if (digest !== undefined) return this.#documentOf(digest);
    const name = referenceText(this.#reference);
    const before = this.#keptRoot(name);
    if (this.#isOffline) return before ?? this.#missOffline(name);
    try {
      const found = await this.#askForTag(tag!, before);
      this.#keep(found.digest, found.bytes);
      this.#note(this.#kept?.rememberDigest(name, found.digest));
      return found;
    } catch (error) {
      const isOutOfReach = error instanceof RegistryError && error.code === 'unreachable';
      if (before === undefined || !isOutOfReach) throw error;
      this.#report(
        new Error(`${error.message}; going on with what is in the cache, ${before.digest}`, { cause: error }),
      );
      return before;
    }
  }

  async document({ digest, size, data, mediaType }: Descriptor): Promise<FoundDocument> {
    if (data !== undefined) return { bytes: data, digest, mediaType };
    const found = await this.#documentOf(digest);
    if (found.bytes.length === size) return { ...found, mediaType };
    throw new RegistryError(
      'corrupt',
      `${this.nameOf(digest)} has ${found.bytes.length} bytes, where its index says ${size}`,
    );
  }

  async smallBlob({ digest, size, data }: Descriptor): Promise<Uint8Array> {
    const here = data ?? this.#kept?.document(digest);
    if (here !== undefined) return here;
    if (this.#isOffline) return this.#missOffline(this.nameOf(digest));
    const bytes = await this.#client.smallBlob(digest, size);
    this.#keep(digest, bytes);
    return bytes;
  }

  place(): BlobPlace {
    const { registry, repository } = this.#reference;
    return { kind: 'registry', registry, repository };
  }

  /** As a descriptor it is kept like what documents tell. */
  async sizeOf(digest: string): Promise<number | undefined> {
    const name = `blob ${this.nameOf(digest)}`;
    const kept = this.#keptRoot(name);
    if (kept !== undefined) return readDescriptor(parseJson(kept.bytes, name), name).size;
    if (this.#isOffline) return this.#missOffline(this.nameOf(digest));
    try {
      const size = await this.#client.headSize(digest);
      const descriptor = Buffer.from(JSON.stringify({ mediaType: BLOB, digest, size }));
      this.#keep(digestOf(descriptor), descriptor);
      this.#note(this.#kept?.rememberDigest(name, digestOf(descriptor)));
      return size;
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  async referrers(digest: string, artifactType?: string): Promise<readonly Descriptor[]> {
    const name = `referrers of ${this.nameOf(digest)} ${artifactType ?? ''}`;
    if (this.#isOffline)
      return this.#keptReferrers(name) ?? this.#missOffline(`what refers to ${this.nameOf(digest)}`);
    try {
      const manifests = await fetchReferrers(this.#client, digest, artifactType);
      const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
      this.#keep(digestOf(index), index);
      this.#note(this.#kept?.rememberDigest(name, digestOf(index)));
      return manifests;
    } catch (error) {
      const kept = this.#keptReferrers(name);
      if (kept === undefined || !(error instanceof RegistryError) || error.code !== 'unreachable')
        throw error;
      this.#report(new Error(`${error.message}; going on with what is in the cache`, { cause: error }));
      return kept;
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /** A HEAD is enough where the tag has not moved, and is not counted by registries that count. */
  async #askForTag(tag: string, before: FoundDocument | undefined): Promise<FoundDocument> {
    if (before === undefined) return this.#client.tagged(tag);
    const digest = await this.#client.headDigest(tag);
    return digest === before.digest ? before : this.#client.tagged(tag);
  }

  async #documentOf(digest: string): Promise<FoundDocument> {
    const kept = this.#kept?.document(digest);
    if (kept !== undefined) return { bytes: kept, digest };
    if (this.#isOffline) return this.#missOffline(this.nameOf(digest));
    const found = await this.#client.document(digest);
    this.#keep(digest, found.bytes);
    return found;
  }

  #keptRoot(name: string): FoundDocument | undefined {
    const digest = this.#kept?.digestOf(name);
    const bytes = digest === undefined ? undefined : this.#kept?.document(digest);
    return bytes === undefined ? undefined : { bytes, digest: digest! };
  }

  #keptReferrers(name: string): readonly Descriptor[] | undefined {
    const kept = this.#keptRoot(name);
    return kept && (parseDocument(kept.bytes, name) as ImageIndex).manifests;
  }

  #keep(digest: string, bytes: Uint8Array): void {
    this.#note(this.#kept?.keep(digest, bytes));
  }

  /** Once is enough: the disk that fails does so for all documents. */
  #note(refusal: Error | undefined): void {
    if (refusal === undefined || this.#isUnkept) return;
    this.#isUnkept = true;
    this.#report(new Error(`what the registry says is not kept: ${refusal.message}`, { cause: refusal }));
  }

  #missOffline(what: string): never {
    throw new RegistryError(
      'offline',
      `${what} is not in the cache, and the network may not be used; open it once without --offline`,
    );
  }
}
