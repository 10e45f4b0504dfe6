/** Documents of images, and what is no such document. */
import t from 'tap';
import { parseConfig, parseDocument } from '../../src/registry/manifest.js';
import { contentOf, described, documentOf, imageContent, MEDIA_TYPES } from '../support/registry-push.js';

const image = imageContent({ layers: [{ bytes: Buffer.from('one'), annotations: { a: 'b' } }] });
const manifest = JSON.parse(Buffer.from(image.manifest.bytes).toString());
const parse = (document: unknown, told?: string) =>
  parseDocument(Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)), 'it', told);

t.test('manifests and indexes of all four media types', async (t) => {
  for (const mediaType of [MEDIA_TYPES.manifest, MEDIA_TYPES.dockerManifest]) {
    const found = parse({ ...manifest, mediaType }, `${mediaType}; charset=utf-8`);
    t.match(found, { kind: 'manifest', mediaType, layers: [{ size: 3, annotations: { a: 'b' } }] });
    t.match(parse({ ...manifest, mediaType: undefined }, mediaType), { kind: 'manifest', mediaType });
  }
  const platform = {
    os: 'linux',
    architecture: 'arm',
    variant: 'v7',
    'os.features': ['erofs'],
    'os.version': '',
  };
  const entry = { ...described(image.manifest), platform };
  for (const mediaType of [MEDIA_TYPES.index, MEDIA_TYPES.dockerList]) {
    const found = parse({ schemaVersion: 2, mediaType, manifests: [entry] });
    t.equal(found.mediaType, mediaType);
    t.same(found.kind === 'index' ? found.manifests[0]?.platform : undefined, {
      os: 'linux',
      architecture: 'arm',
      variant: 'v7',
      osFeatures: ['erofs'],
    });
  }
});

t.test('what nothing is said of is told by its shape', async (t) => {
  for (const told of [undefined, 'application/json', 'text/plain; charset=utf-8']) {
    t.match(parse({ ...manifest, mediaType: undefined }, told), { mediaType: MEDIA_TYPES.manifest });
    t.match(parse({ schemaVersion: 2, manifests: [] }, told), { mediaType: MEDIA_TYPES.index });
  }
});

t.test('a small blob in its descriptor', async (t) => {
  const content = contentOf(MEDIA_TYPES.config, Buffer.from('{}'));
  const config = { ...described(content), data: 'e30=' };
  const found = parse({ ...manifest, config });
  t.same(found.kind === 'manifest' && found.config.data, Buffer.from('{}'));
  const message = /config of it .* data of another/;
  t.throws(() => parse({ ...manifest, config: { ...config, data: 'e20=' } }), { code: 'corrupt', message });
  t.throws(() => parse({ ...manifest, config: { ...config, data: 7 } }), { code: 'corrupt', message });
});

t.test('what contradicts itself', async (t) => {
  const [layer] = manifest.layers;
  const withLayer = (fields: object) => ({ ...manifest, layers: [{ ...layer, ...fields }] });
  const cases: [unknown, RegExp, string?][] = [
    ['{', /no JSON/],
    ['\xff\xfe', /no JSON/],
    ['[]', /an object was expected/],
    ['null', /an object was expected/],
    [{ ...manifest, schemaVersion: 3 }, /schemaVersion 3/],
    [{ ...manifest, manifests: [] }, /both manifests and layers/],
    [{ schemaVersion: 2, manifests: [], mediaType: MEDIA_TYPES.manifest }, /media type/],
    [manifest, /media type/, MEDIA_TYPES.index],
    [{ ...manifest, layers: {} }, /layers that are no list/],
    [{ ...manifest, config: undefined }, /the config of it/],
    [{ ...manifest, annotations: { a: 1 } }, /annotation a: 1/],
    [withLayer({ size: 1.5 }), /layer 1 of it .* size 1.5/],
    [withLayer({ size: -1 }), /size -1/],
    [withLayer({ size: 2 ** 60 }), /size/],
    [withLayer({ size: '3' }), /size "3"/],
    [withLayer({ digest: 'sha256:abc' }), /layer 1/],
    [withLayer({ digest: 7 }), /digest 7/],
    [withLayer({ mediaType: undefined }), /mediaType none/],
    [withLayer({ annotations: [] }), /annotations/],
  ];
  for (const [document, message, told] of cases) {
    t.throws(() => parse(document, told), { name: 'RegistryError', message }, String(message));
  }
});

t.test('what is known and not read is named', async (t) => {
  const schema1 = { schemaVersion: 1, name: 'x', fsLayers: [] };
  t.throws(() => parse(schema1), { code: 'unsupported', message: /schema 1/ });
  const told = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
  t.throws(() => parse({ ...schema1, schemaVersion: 2 }, told), { code: 'unsupported', message: /schema 1/ });
  const mediaType = 'application/vnd.oci.artifact.manifest.v1+json';
  t.throws(() => parse({ ...manifest, mediaType }), { code: 'unsupported', message: /artifact/ });
  const digest = `blake3:${'0'.repeat(64)}`;
  const message = /digest that is not read here/;
  t.throws(() => parse({ ...manifest, layers: [{ ...manifest.layers[0], digest }] }), {
    code: 'unsupported',
    message,
  });
});

t.test('configs', async (t) => {
  const config = (document: object) => parseConfig(documentOf(MEDIA_TYPES.config, document).bytes, 'it');
  t.same(
    config({ os: 'linux', architecture: 'arm64', 'os.features': ['erofs'], rootfs: { diff_ids: ['a'] } }),
    {
      diffIds: ['a'],
      platform: { os: 'linux', architecture: 'arm64', osFeatures: ['erofs'] },
    },
  );
  t.same(config({}), { diffIds: [] });
  t.throws(() => config({ rootfs: { diff_ids: [7] } }), { code: 'corrupt' });
  t.throws(() => config({ rootfs: [] }), { code: 'corrupt' });
});
