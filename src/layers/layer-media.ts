/** What a layer is, by its media type, and whose, where it is somebody else's. */

export interface LayerMedia {
  readonly format: 'erofs' | 'tar' | 'chunk-index';
  readonly compression?: 'zstd' | 'gzip';
}

export const CHUNK_INDEX_MEDIA_TYPE = 'application/vnd.erofs.chunk-index.v1';

/** containerd's names and those of the draft of the specification; the suffix says nothing of compression inside the image. */
const EROFS = /^application\/vnd\.erofs(?:\.layer(?:\.v1)?)?(\+zstd)?$/;
const TAR =
  /^application\/vnd\.oci\.image\.layer\.(?:nondistributable\.)?v1\.tar(?:\+(gzip|zstd))?$|^application\/vnd\.docker\.image\.rootfs\.(?:foreign\.)?diff\.tar(?:\.(gzip|zstd))?$/;

/** undefined for what is no layer that can be read here. */
export function layerMedia(mediaType: string): LayerMedia | undefined {
  if (mediaType === CHUNK_INDEX_MEDIA_TYPE) return { format: 'chunk-index' };
  const erofs = EROFS.exec(mediaType);
  if (erofs !== null) return { format: 'erofs', ...(erofs[1] !== undefined && { compression: 'zstd' }) };
  const tar = TAR.exec(mediaType);
  if (tar === null) return undefined;
  const compression = (tar[1] ?? tar[2]) as LayerMedia['compression'];
  return { format: 'tar', ...(compression !== undefined && { compression }) };
}

/** Names of other lazily read formats, by how what they write begins: a media type, or a key of annotations. */
const FOREIGN: readonly (readonly [start: string, name: string])[] = [
  ['application/vnd.oci.image.layer.nydus.', 'nydus'],
  ['containerd.io/snapshot/nydus-', 'nydus'],
  ['containerd.io/snapshot/stargz/', 'eStargz'],
  ['io.github.containers.zstd-chunked.', 'zstd:chunked'],
  ['containerd.io/snapshot/overlaybd/', 'overlaybd'],
  ['com.amazon.soci.', 'SOCI'],
];

/** The system that a layer was made for, undefined where none can be told. */
export function foreignFormat(
  mediaType: string,
  annotations: Readonly<Record<string, string>>,
): string | undefined {
  const words = [mediaType, ...Object.keys(annotations)];
  return FOREIGN.find(([start]) => words.some((word) => word.startsWith(start)))?.[1];
}
