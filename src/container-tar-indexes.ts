/**
 * The indexes that a user gives for the tar layers of a container image: files, URLs, or blobs of the image's repository, which are
 * pinned by their digests.
 */
import { layerBlob } from './container-referrers.js';
import { digestOfReference, isBlobReference, type LayerBlob } from './layers/layer-blob.js';
import { LayerError } from './layers/layer-error.js';
import { layerMedia } from './layers/layer-media.js';
import type { TarIndex } from './layers/layer-roles.js';
import { type ContainerImage, openImages } from './registry/container-image.js';
import { RegistryError } from './registry/errors.js';
import type { RegistryImageOptions } from './registry/registry-images.js';

export type TarIndexes = Readonly<Record<string, TarIndex>>;

/** An index that is given without the digest of its layer is for the only tar layer. Throws LayerError 'tar-layer'. */
export function tarIndexesOf(
  { name, layers }: Pick<ContainerImage, 'name' | 'layers'>,
  given: TarIndexes,
): TarIndexes {
  const { '': only, ...named } = given;
  if (only === undefined) return named;
  const tars = layers.filter(({ mediaType }) => layerMedia(mediaType)?.format === 'tar');
  if (tars.length === 1) return { ...named, [tars[0]!.digest]: only };
  throw new LayerError(
    'tar-layer',
    `--tar-index ${shown(only)}: ${name} has ${tars.length} tar layers; say of which it is: DIGEST=FILE`,
  );
}

/** Those that lie in the image's repository, by their digests. Rejects with RegistryError. */
export async function indexBlobs(
  { source, name }: Pick<ContainerImage, 'source' | 'name'>,
  indexes: TarIndexes,
  options: RegistryImageOptions,
): Promise<Readonly<Record<string, LayerBlob>>> {
  const digests = Object.values(indexes)
    .filter(({ image }) => isBlobReference(image))
    .map(({ image }) => digestOfReference(image));
  const blobs: Record<string, LayerBlob> = {};
  if (digests.length === 0) return blobs;
  const images = openImages(source, options);
  try {
    for (const digest of new Set(digests)) {
      const size = await images.sizeOf(digest);
      if (size === undefined) {
        throw new RegistryError(
          'not-found',
          `--tar-index ${digest}: where ${name} is there is no such blob; give the digest of the index itself, or a file`,
        );
      }
      blobs[digest] = layerBlob(images, { digest, size, mediaType: TAR_INDEX });
    }
    return blobs;
  } finally {
    await images.close();
  }
}

const TAR_INDEX = 'application/vnd.cncf.containerd.erofs.tar-index.v1';

const shown = ({ image }: TarIndex): string => (isBlobReference(image) ? digestOfReference(image) : image);
