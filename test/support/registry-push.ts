/** Puts images into a registry by plain HTTP, of any media type, and says what they are: distribution-spec, "Push". */
import { createHash } from 'node:crypto';

export const MEDIA_TYPES = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  erofs: 'application/vnd.erofs.layer.v1',
  tar: 'application/vnd.oci.image.layer.v1.tar',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
} as const;

/** A descriptor as it stands in documents. */
export interface Described {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly [field: string]: unknown;
}

export interface LayerToPush {
  readonly bytes: Uint8Array;
  /** what they are a packed form of, which the config tells by its digest; themselves unless given */
  readonly unpacked?: Uint8Array;
  /** that of an EROFS layer unless given */
  readonly mediaType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ImageToPush {
  readonly layers: readonly LayerToPush[];
  readonly config?: object;
  /** of the manifest; its config's is that of the same kind */
  readonly mediaType?: string;
  /** further fields of the manifest: annotations, subject, artifactType */
  readonly fields?: object;
}

/** A document or blob, with its descriptor. */
export interface Content extends Described {
  readonly bytes: Uint8Array;
}

export const sha256 = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export const contentOf = (mediaType: string, bytes: Uint8Array): Content => ({
  mediaType,
  digest: sha256(bytes),
  size: bytes.length,
  bytes,
});

export const documentOf = (mediaType: string, document: object): Content =>
  contentOf(mediaType, Buffer.from(JSON.stringify(document)));

/** The manifest of an image, its config and its layers, without putting them anywhere. */
export function imageContent(image: ImageToPush): { manifest: Content; blobs: Content[] } {
  const mediaType = image.mediaType ?? MEDIA_TYPES.manifest;
  const configType = mediaType === MEDIA_TYPES.dockerManifest ? MEDIA_TYPES.dockerConfig : MEDIA_TYPES.config;
  const layers = image.layers.map((layer) => ({
    ...contentOf(layer.mediaType ?? MEDIA_TYPES.erofs, layer.bytes),
    ...(layer.annotations && { annotations: layer.annotations }),
  }));
  const config = documentOf(configType, {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: image.layers.map(({ bytes, unpacked = bytes }) => sha256(unpacked)) },
    ...image.config,
  });
  const manifest = documentOf(mediaType, {
    schemaVersion: 2,
    mediaType,
    config: described(config),
    layers: layers.map(described),
    ...image.fields,
  });
  return { manifest, blobs: [config, ...layers] };
}

/** Without the bytes: what another document says of it. */
export function described({ bytes: _, ...descriptor }: Content): Described {
  return descriptor;
}

/** `repository` is a URL: "http://localhost:5000/v2/team/app". */
export class Pusher {
  readonly #repository: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(repository: string, headers: Readonly<Record<string, string>> = {}) {
    this.#repository = repository;
    this.#headers = headers;
  }

  async image(image: ImageToPush, tag?: string): Promise<Content> {
    const { manifest, blobs } = imageContent(image);
    for (const blob of blobs) await this.blob(blob);
    await this.document(manifest, tag);
    return manifest;
  }

  async index(
    manifests: readonly Described[],
    tag?: string,
    mediaType: string = MEDIA_TYPES.index,
  ): Promise<Content> {
    const index = documentOf(mediaType, { schemaVersion: 2, mediaType, manifests });
    await this.document(index, tag);
    return index;
  }

  async blob({ digest, bytes }: Content): Promise<void> {
    const begun = await this.#send('POST', `${this.#repository}/blobs/uploads/`, {});
    const place = new URL(begun.headers.get('location')!, this.#repository);
    place.searchParams.set('digest', digest);
    await this.#send('PUT', place.href, { 'content-type': 'application/octet-stream' }, bytes);
  }

  async document({ mediaType, digest, bytes }: Content, tag = digest): Promise<void> {
    await this.#send('PUT', `${this.#repository}/manifests/${tag}`, { 'content-type': mediaType }, bytes);
  }

  async #send(
    method: string,
    url: string,
    headers: Record<string, string>,
    body?: Uint8Array,
  ): Promise<Response> {
    const answer = await fetch(url, {
      method,
      headers: { ...this.#headers, ...headers },
      ...(body && { body: new Uint8Array(body) }),
    });
    if (answer.ok) return answer;
    throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  }
}
