/** A blob of a container image becomes a Source. */
import { findCacheDirectory } from './cache/cache-directory.js';
import { digestOfReference } from './layers/layer-blob.js';
import { blobOf, openLayerBlob, unknownBlob } from './layers/layer-source.js';
import type { OpenedSource, RemoteSpec, SourceUse } from './open-source.js';
import { httpOptions } from './open-url.js';
import { type RepositoryPlace, registryBlob } from './registry/registry-blob.js';

/** A blob of an image. Rejects with LayerError, RegistryError and RemoteError, and as openSource does. */
export async function openBlob(
  reference: string,
  spec: RemoteSpec | undefined,
  use: SourceUse,
): Promise<OpenedSource> {
  const digest = digestOfReference(reference);
  if (spec?.blobs === undefined) throw unknownBlob(digest);
  if (spec.isCacheNamed === true) findCacheDirectory(spec.cacheDirectory);
  const { blobs, registry, offline = false, requireLazy = false, known } = spec;
  return openLayerBlob(blobOf(digest, blobs), {
    ...spec,
    ...use,
    ...{ blobs, offline, requireLazy, found: known?.[reference] },
    remoteOf: (blob, arrived) => {
      const http = { ...httpOptions(spec, use), ...(arrived && { arrived }) };
      return registryBlob(blob.place as RepositoryPlace, blob, registry, http);
    },
  });
}
