/** One image as a layer in each form that registries have it: as it is, in chunks with an index, packed, with a hash tree. */
import { proven } from './proven-image.js';
import { type LayerToPush, MEDIA_TYPES, sha256 } from './registry-push.js';
import { indexedLayer, type LayerShape, zstdFrame } from './zstd-layer.js';

/** Unpacked bytes of a chunk. */
const CHUNK_SIZE = 64 << 10;
const INDEX_TYPE = 'application/vnd.erofs.chunk-index.v1';
const ZSTD_TYPE = `${MEDIA_TYPES.erofs}+zstd`;

/** What the manifest says of a blob, with the bytes. */
type Layers = readonly LayerToPush[];

const SHAPE: LayerShape = { chunkSizes: [CHUNK_SIZE], checksums: 'sha256' };

/** The index stands behind the chunks. */
export function indexInside(image: Uint8Array, shape: Partial<LayerShape> = {}): Layers {
  const { blob, index, indexOffset, indexDigest } = indexedLayer(image, { ...SHAPE, ...shape });
  const { isCompressed = true } = shape;
  const end = blob.length;
  if (!isCompressed && indexOffset + index.length !== end) throw new Error('something is behind the index');
  return [
    {
      bytes: blob,
      unpacked: image,
      mediaType: isCompressed ? ZSTD_TYPE : MEDIA_TYPES.erofs,
      annotations: {
        'org.erofs.chunk-index.range': `${indexOffset}:${end}`,
        'org.erofs.chunk-index.digest': indexDigest,
      },
    },
  ];
}

/** The index is a blob of its own, listed behind its layer. */
export function indexApart(image: Uint8Array, shape: Partial<LayerShape> = {}): Layers {
  const { blob, index } = indexedLayer(image, { ...SHAPE, ...shape, isStandalone: true });
  const { isCompressed = true } = shape;
  return [
    { bytes: blob, unpacked: image, mediaType: isCompressed ? ZSTD_TYPE : MEDIA_TYPES.erofs },
    {
      bytes: index,
      mediaType: INDEX_TYPE,
      annotations: { 'org.erofs.chunk-index.target': sha256(blob) },
    },
  ];
}

/** As containerd described it before the draft. */
export function indexOfBefore(image: Uint8Array): Layers {
  const { blob, indexOffset, indexDigest } = indexedLayer(image, { ...SHAPE, layout: 'fixed-24' });
  return [
    {
      bytes: blob,
      unpacked: image,
      mediaType: 'application/vnd.erofs+zstd',
      annotations: {
        'dev.containerd.erofs.zstd.chunk_table_offset': `${indexOffset}`,
        'dev.containerd.erofs.zstd.chunk_digest': indexDigest,
      },
    },
  ];
}

export const packed = (image: Uint8Array): Layers => [
  { bytes: zstdFrame(image), unpacked: image, mediaType: ZSTD_TYPE },
];

/** Its dm-verity tree stands behind it. */
export function withTree(image: Uint8Array): Layers {
  const { bytes, root, hashOffset } = proven(image);
  return [{ bytes, annotations: treeAnnotations(root, hashOffset) }];
}

/** Chunks of the image and its tree. */
export function indexedWithTree(image: Uint8Array): Layers {
  const { bytes, root, hashOffset } = proven(image);
  const [layer] = indexInside(bytes);
  return [{ ...layer!, annotations: { ...layer!.annotations, ...treeAnnotations(root, hashOffset) } }];
}

const treeAnnotations = (root: string, hashOffset: number) => ({
  'org.erofs.dmverity.root_digest': `sha256:${root}`,
  'org.erofs.dmverity.hash_offset': `${hashOffset}`,
  'org.erofs.dmverity.block_size': '4096',
});

export const withRole = (role: string, bytes: Uint8Array): LayerToPush => ({
  bytes,
  annotations: { 'org.erofs.role': role },
});
