/**
 * From a reference to one image: its manifest for one platform, with its layers and where their bytes are.
 *
 * LAW of this room: speaks of images in registries, layouts and archives; every document is held against its digest before it is
 * believed.
 */
import type { BlobPlace } from '../layers/layer-blob.js';
import type { Descriptor } from './descriptor.js';
import { openDockerArchive } from './docker-archive.js';
import { RegistryError } from './errors.js';
import type { FoundDocument, ImageCollection } from './image-collection.js';
import { type ImageReference, parseImageReference, referenceText } from './image-reference.js';
import { openLayout } from './layout-images.js';
import {
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
  parseConfig,
  parseDocument,
} from './manifest.js';
import { isConfigType } from './media-types.js';
import { fitOf, hostPlatform, type Platform, parsePlatform, platformText } from './platform.js';
import { type RegistryImageOptions, RegistryImages } from './registry-images.js';

export interface ResolveOptions extends RegistryImageOptions {
  /** "OS/ARCHITECTURE[/VARIANT]"; this machine's unless given */
  readonly platform?: string;
}

/** A layer's descriptor, and where its bytes are. */
export interface ImageLayer extends Descriptor {
  readonly place: BlobPlace;
}

/** One image of an index, as `inspect` lists it. */
export interface OfferedImage {
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  readonly platform: Platform | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly isChosen: boolean;
}

/** Structured-clonable. */
export interface ContainerImage {
  /** in full: "docker.io/library/debian:12" */
  readonly name: string;
  /** where it was found */
  readonly source: ImageReference;
  /** of the manifest */
  readonly digest: string;
  /** of the manifest */
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** as the config says, else as the index does */
  readonly platform: Platform | undefined;
  readonly config: Pick<Descriptor, 'digest' | 'mediaType'>;
  /** of the unpacked layers, as the config lists them; not to be relied on to be as many as the layers */
  readonly diffIds: readonly string[];
  /** the lowest first */
  readonly layers: readonly ImageLayer[];
  /** the index that the reference names; undefined where it names the manifest itself */
  readonly index?: { readonly digest: string; readonly images: readonly OfferedImage[] };
}

/** An index in an index, and so on. */
const DEEPEST_INDEX = 4;

/**
 * Rejects with RegistryError, RemoteError 'options', the system's error for files, or the reason of `options.signal`.
 */
export async function resolveImage(
  reference: string | ImageReference,
  options: ResolveOptions = {},
): Promise<ContainerImage> {
  const parsed = typeof reference === 'string' ? parseImageReference(reference) : reference;
  const wanted = options.platform === undefined ? hostPlatform() : parsePlatform(options.platform);
  const images = openImages(parsed, options);
  try {
    const image = await readImage(images, { name: referenceText(parsed), source: parsed }, wanted);
    if (options.platform !== undefined) requirePlatform(image, wanted);
    return image;
  } finally {
    await images.close();
  }
}

/** Manifests of the kind that refer to the image, each with its layers. Rejects as resolveImage. */
export async function resolveReferrers(
  image: Pick<ContainerImage, 'source' | 'digest'>,
  artifactType: string,
  options: ResolveOptions = {},
): Promise<readonly ContainerImage[]> {
  const images = openImages(image.source, options);
  try {
    const found: ContainerImage[] = [];
    for (const descriptor of await images.referrers(image.digest, artifactType)) {
      const document = await images.document(descriptor);
      const name = images.nameOf(descriptor.digest);
      const manifest = parseDocument(document.bytes, name, document.mediaType);
      if (manifest.kind === 'manifest') {
        found.push(await describe(images, { name, source: image.source }, document, manifest));
      }
    }
    return found;
  } finally {
    await images.close();
  }
}

/** Throws RegistryError, or the system's error. */
export function openImages(reference: ImageReference, options: RegistryImageOptions = {}): ImageCollection {
  if (reference.kind === 'registry') return new RegistryImages(reference, options);
  return reference.kind === 'docker-archive' ? openDockerArchive(reference) : openLayout(reference);
}

type Naming = Pick<ContainerImage, 'name' | 'source'>;

async function readImage(images: ImageCollection, naming: Naming, wanted: Platform): Promise<ContainerImage> {
  let document = await images.root();
  let place = images.nameOf(document.digest);
  let content = parseDocument(document.bytes, place, document.mediaType);
  let index: ContainerImage['index'];
  let platform: Platform | undefined;
  for (let depth = 0; content.kind === 'index'; depth++) {
    if (depth === DEEPEST_INDEX) {
      throw new RegistryError(
        'unsupported',
        `${naming.name} is an index of indexes, more than ${DEEPEST_INDEX} deep`,
      );
    }
    const chosen = choose(content, wanted, naming.name);
    index ??= { digest: document.digest, images: content.manifests.map((entry) => offered(entry, chosen)) };
    platform = chosen.platform ?? platform;
    document = await images.document(chosen);
    place = images.nameOf(document.digest);
    content = parseDocument(document.bytes, place, document.mediaType);
  }
  const image = await describe(images, naming, document, content);
  return {
    ...image,
    platform: mergePlatforms(image.platform, platform),
    ...(index !== undefined && { index }),
  };
}

async function describe(
  images: ImageCollection,
  naming: Naming,
  { digest }: FoundDocument,
  manifest: ImageManifest,
): Promise<ContainerImage> {
  const { config, mediaType, annotations, artifactType } = manifest;
  const facts: ImageConfig = isConfigType(config.mediaType)
    ? parseConfig(await images.smallBlob(config), `the config of ${naming.name}`)
    : { diffIds: [] };
  return {
    ...naming,
    ...{ digest, mediaType, annotations },
    ...(artifactType !== undefined && { artifactType }),
    platform: facts.platform,
    config: { digest: config.digest, mediaType: config.mediaType },
    diffIds: facts.diffIds,
    layers: manifest.layers.map((layer) => ({ ...layer, place: images.place(layer) })),
  };
}

/** The best fit; of equal ones the first. An entry without a platform is for all machines, where nothing else fits. */
function choose({ manifests }: ImageIndex, wanted: Platform, reference: string): Descriptor {
  let best: Descriptor | undefined;
  let bestFit = -1;
  for (const entry of manifests) {
    const fit = entry.platform === undefined ? 0 : fitOf(wanted, entry.platform);
    if (fit === undefined || fit <= bestFit) continue;
    best = entry;
    bestFit = fit;
  }
  if (best !== undefined) return best;
  const names = manifests.map(({ platform }) =>
    platform === undefined ? 'unknown' : platformText(platform),
  );
  throw new RegistryError(
    'no-platform',
    `${reference} has no image for ${platformText(wanted)}; there is: ${[...new Set(names)].join(', ') || 'none'}; choose with --platform`,
  );
}

/** An image that is no part of an index is for whom it is; who asks for another machine is told. Throws RegistryError 'no-platform'. */
function requirePlatform({ name, platform, index }: ContainerImage, wanted: Platform): void {
  if (index !== undefined || platform === undefined || fitOf(wanted, platform) !== undefined) return;
  throw new RegistryError(
    'no-platform',
    `${name} is for ${platformText(platform)}, not for ${platformText(wanted)}; leave --platform out to take it all the same`,
  );
}

const offered = (entry: Descriptor, chosen: Descriptor): OfferedImage => ({
  digest: entry.digest,
  mediaType: entry.mediaType,
  size: entry.size,
  platform: entry.platform,
  annotations: entry.annotations,
  isChosen: entry === chosen,
});

/** The config is the image's own word; features may stand in the index alone. */
function mergePlatforms(own: Platform | undefined, told: Platform | undefined): Platform | undefined {
  if (own === undefined || told?.osFeatures === undefined || own.osFeatures !== undefined) return own ?? told;
  return { ...own, osFeatures: told.osFeatures };
}
