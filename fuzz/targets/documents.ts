/** Documents that use whatever is read of documents. */
import { createHash } from 'node:crypto';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const digest = (text: string): string => `sha256:${sha256(text)}`;
const embedded = '{}';

const config = {
  mediaType: 'application/vnd.oci.image.config.v1+json',
  digest: digest(embedded),
  size: embedded.length,
  data: Buffer.from(embedded).toString('base64'),
};

/** as containerd's and those of the specification's draft name things */
const annotations = {
  'org.erofs.dmverity.root_digest': sha256('root'),
  'org.erofs.dmverity.hash_offset': '4096',
  'org.erofs.dmverity.block_size': '4096',
  'dev.containerd.erofs.dmverity.root_digest': sha256('root'),
  'dev.containerd.erofs.dmverity.offset': '4096',
};

const manifest = {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  artifactType: 'application/vnd.example',
  config,
  layers: [
    { mediaType: 'application/vnd.erofs.layer.v1', digest: digest('1'), size: 8192, annotations },
    {
      mediaType: 'application/vnd.erofs.layer.v1+zstd',
      digest: digest('2'),
      size: 8192,
      annotations: {
        'org.erofs.chunk-index.range': '4096:8192',
        'org.erofs.chunk-index.digest': digest('index'),
        'org.erofs.uncompressed-digest': digest('unpacked'),
        'org.erofs.role': 'overlay-data',
      },
    },
    {
      mediaType: 'application/vnd.erofs',
      digest: digest('3'),
      size: 4096,
      annotations: {
        'dev.containerd.erofs.zstd.chunk_table_offset': '2048',
        'dev.containerd.erofs.zstd.chunk_digest': digest('table'),
        'org.erofs.role': 'overlay-lower',
      },
    },
    {
      mediaType: 'application/vnd.erofs.chunk-index.v1',
      digest: digest('4'),
      size: 128,
      annotations: { 'org.erofs.chunk-index.target': digest('3') },
    },
    { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digest('5'), size: 100 },
  ],
  annotations: { 'org.opencontainers.image.ref.name': 'latest' },
};

const platform = { os: 'linux', architecture: 'arm64', variant: 'v8.1', 'os.features': ['erofs'] };

export const DOCUMENTS: Readonly<Record<string, object>> = {
  manifest,
  layer: { ...manifest, layers: manifest.layers.slice(0, 1) },
  packed: { ...manifest, layers: manifest.layers.slice(1, 2) },
  indexed: { ...manifest, layers: manifest.layers.slice(2, 4) },
  index: {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      { mediaType: manifest.mediaType, digest: digest('m1'), size: 500, platform },
      {
        mediaType: manifest.mediaType,
        digest: digest('m2'),
        size: 500,
        platform: { ...platform, architecture: 'amd64' },
      },
      {
        mediaType: manifest.mediaType,
        digest: digest('m3'),
        size: 500,
        artifactType: 'application/vnd.example',
        annotations,
      },
    ],
  },
  list: {
    schemaVersion: 2,
    mediaType: 'application/vnd.docker.distribution.manifest.list.v2+json',
    manifests: [
      {
        mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
        digest: digest('d'),
        size: 7,
        platform,
      },
    ],
  },
  config: { ...platform, rootfs: { type: 'layers', diff_ids: [digest('1'), digest('2')] } },
  signatures: {
    ...manifest,
    artifactType: 'application/vnd.cncf.notary.signature.dm-verity',
    subject: { mediaType: manifest.mediaType, digest: digest('m1'), size: 500 },
    layers: [
      {
        mediaType: 'application/pkcs7-signature',
        digest: digest('s'),
        size: 900,
        annotations: {
          'io.cncf.notary.layer.digest': digest('1'),
          'io.cncf.notary.dm-verity.root-hash': sha256('root'),
          'io.cncf.notary.dmverity.layer-digest': digest('1'),
          'io.cncf.notary.dmverity.layer-roothash': sha256('root'),
          'io.cncf.notary.dmverity.layer-signature': Buffer.from('signature').toString('base64'),
        },
      },
    ],
  },
  sidecar: { roothash: sha256('root'), hashoffset: 4096, hashdevice: 'image.tree' },
};
