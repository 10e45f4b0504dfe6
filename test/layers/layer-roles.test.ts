/** Descriptors to what is opened for them: all roles, media types and annotations, and every refusal by its words. */
import t from 'tap';
import type { BlobEncoding } from '../../src/layers/layer-blob.js';
import type { LayerDescriptor, LayeredImage } from '../../src/layers/layer-description.js';
import { type LayerOptions, layersOf } from '../../src/layers/layer-roles.js';

const EROFS = 'application/vnd.erofs';
const INDEX = 'application/vnd.erofs.chunk-index.v1';
const TAR = 'application/vnd.oci.image.layer.v1.tar';

/** "sha256:" and one digit 64 times. */
const digest = (digit: number | string): string => `sha256:${String(digit).repeat(64)}`;

function layer(
  n: number,
  mediaType: string,
  annotations: Record<string, string> = {},
  more: Partial<LayerDescriptor> = {},
): LayerDescriptor {
  const place = { kind: 'registry', registry: 'r.example', repository: 'app' } as const;
  return { digest: digest(n), size: 1000 * n, mediaType, annotations, place, ...more };
}

const role = (name: string): Record<string, string> => ({ 'org.erofs.role': name });

const image = (layers: readonly LayerDescriptor[], diffIds?: readonly string[]): LayeredImage => ({
  ...{ name: 'r.example/app:1', layers },
  ...(diffIds && { diffIds }),
});

const ref = (n: number): string => `blob:${digest(n)}`;

function encodingOf(one: LayerDescriptor, ...others: LayerDescriptor[]): BlobEncoding | undefined {
  return layersOf(image([one, ...others])).blobs[one.digest]?.encoding;
}

t.test('one layer', async (t) => {
  const { layers, dataLayers, blobs, facts } = layersOf(image([layer(1, EROFS)]));
  t.same(layers, [{ image: ref(1), proof: { blobs: [{}], ignoreSidecars: true } }]);
  t.same(dataLayers, []);
  t.same(blobs, {
    [digest(1)]: {
      ...{ digest: digest(1), size: 1000, mediaType: EROFS, encoding: { kind: 'plain' } },
      place: { kind: 'registry', registry: 'r.example', repository: 'app' },
      name: `r.example/app@${digest(1)}`,
    },
  });
  t.match(facts, [{ digest: digest(1), role: 'layer', guarantee: 'digest', isPacked: false, notes: [] }]);
});

t.test('media types', async (t) => {
  const encodings: Readonly<Record<string, BlobEncoding>> = {
    'application/vnd.erofs': { kind: 'plain' },
    'application/vnd.erofs.layer.v1': { kind: 'plain' },
    'application/vnd.erofs.layer': { kind: 'plain' },
    'application/vnd.erofs+zstd': { kind: 'packed', compression: 'zstd' },
    'application/vnd.erofs.layer.v1+zstd': { kind: 'packed', compression: 'zstd' },
  };
  for (const [mediaType, encoding] of Object.entries(encodings)) {
    t.same(encodingOf(layer(1, mediaType)), encoding, mediaType);
  }
  const devices: Readonly<Record<string, BlobEncoding>> = {
    'application/vnd.oci.image.layer.v1.tar': { kind: 'plain' },
    'application/vnd.oci.image.layer.v1.tar+gzip': { kind: 'packed', compression: 'gzip' },
    'application/vnd.oci.image.layer.v1.tar+zstd': { kind: 'packed', compression: 'zstd' },
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip': { kind: 'packed', compression: 'gzip' },
    'application/vnd.docker.image.rootfs.diff.tar.gzip': { kind: 'packed', compression: 'gzip' },
    'application/vnd.docker.image.rootfs.diff.tar': { kind: 'plain' },
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip': { kind: 'packed', compression: 'gzip' },
  };
  for (const [mediaType, encoding] of Object.entries(devices)) {
    t.same(encodingOf(layer(1, mediaType, role('device')), layer(2, EROFS)), encoding, mediaType);
  }
  for (const mediaType of [
    'application/vnd.erofs+gzip',
    'application/vnd.erofs.layer.v2',
    'application/vnd.erofsx',
    'application/vnd.in-toto+json',
    '',
  ]) {
    t.throws(() => layersOf(image([layer(1, mediaType)])), { code: 'foreign-layer', message: /mkfs\.erofs/ });
  }
});

t.test('roles', async (t) => {
  const { layers, dataLayers, facts } = layersOf(
    image([
      layer(1, EROFS),
      layer(2, EROFS, role('overlay-data')),
      layer(3, TAR, role('device')),
      layer(4, EROFS, role('device')),
      layer(5, EROFS, role('overlay-data')),
      layer(6, EROFS, role('device')),
      layer(7, EROFS, role('overlay-lower')),
      layer(8, EROFS),
    ]),
  );
  t.match(layers, [{ image: ref(1) }, { image: ref(7), devices: [ref(6)] }, { image: ref(8) }]);
  t.match(dataLayers, [{ image: ref(5), devices: [ref(3), ref(4)] }, { image: ref(2) }], 'the highest first');
  t.same(layers[2]?.devices, undefined);
  t.same(
    facts.map(({ role }) => role),
    ['layer', 'data', 'device', 'device', 'data', 'device', 'layer', 'layer'],
  );
});

t.test('roles that cannot be put together', async (t) => {
  const wrong = (layers: LayerDescriptor[], message: RegExp) =>
    t.throws(() => layersOf(image(layers)), { code: 'bad-roles', message });
  wrong([], /it has none/);
  wrong(
    [layer(1, EROFS), layer(2, EROFS, role('device'))],
    /layer 2 of 2 .* is one for the device of others/,
  );
  wrong([layer(1, EROFS), layer(2, EROFS, role('overlay-data'))], /for the data of others/);
  wrong([layer(1, EROFS, role('lower')), layer(2, EROFS)], /layer 1 of 2 .* has the role "lower"/);
});

t.test('tar layers', async (t) => {
  const tarred = (options?: LayerOptions, annotations = {}) =>
    layersOf(image([layer(1, EROFS), layer(2, `${TAR}+gzip`, annotations)], [digest(1), digest(9)]), options);
  t.throws(() => tarred(), {
    code: 'tar-layer',
    message: /layer 2 of 2 \(sha256:2+\) of r\.example\/app:1 is a tar archive .*--tar=f.*--tar-index/,
  });
  for (const key of [digest(2), digest(9)]) {
    const { layers, blobs } = tarred({ tarIndexes: { [key]: { image: '/index.erofs' } } });
    t.match(layers[1], { image: '/index.erofs', devices: [ref(2)] }, 'an index beside the archive');
    t.match(blobs[digest(2)], { encoding: { kind: 'packed' }, unpackedDigest: digest(9) });
    const alone = tarred({ tarIndexes: { [key]: { image: '/both.erofs', holdsTar: true } } });
    t.equal(alone.layers[1]?.image, '/both.erofs');
    t.equal(alone.layers[1]?.devices, undefined, 'an index that has the archive behind it');
  }
  for (const [key, name] of Object.entries({
    'containerd.io/snapshot/nydus-bootstrap': 'nydus',
    'containerd.io/snapshot/stargz/toc.digest': 'eStargz',
    'io.github.containers.zstd-chunked.manifest-checksum': 'zstd:chunked',
    'containerd.io/snapshot/overlaybd/blob-digest': 'overlaybd',
    'com.amazon.soci.image-layer-digest': 'SOCI',
  })) {
    t.throws(() => tarred({}, { [key]: 'x' }), { code: 'tar-layer', message: `made for ${name}` });
  }
  const nydus = layer(1, 'application/vnd.oci.image.layer.nydus.blob.v1');
  t.throws(() => layersOf(image([nydus])), { code: 'foreign-layer', message: /which is nydus's/ });
  const attached = [layer(1, EROFS, role('device')), layer(2, TAR)];
  const options = { tarIndexes: { [digest(2)]: { image: '/index.erofs' } } };
  t.throws(() => layersOf(image(attached), options), { code: 'tar-layer' }, 'it can have no other devices');
});

t.test('chunk indexes', async (t) => {
  const range = (text: string, more = {}) => ({
    ...{ 'org.erofs.chunk-index.range': text, 'org.erofs.chunk-index.digest': digest('a') },
    ...more,
  });
  const indexed = { kind: 'indexed', offset: 700, digest: digest('a') };
  t.same(encodingOf(layer(1, EROFS, range('700'))), { ...indexed, compressed: false });
  t.same(encodingOf(layer(1, `${EROFS}+zstd`, range('700:900'))), { ...indexed, end: 900, compressed: true });
  const draft = {
    ...{ 'dev.containerd.erofs.zstd.chunk_table_offset': '700' },
    'dev.containerd.erofs.zstd.chunk_digest': `sha512:${'b'.repeat(128)}`,
  };
  t.match(encodingOf(layer(1, 'application/vnd.erofs.layer.v1+zstd', draft)), {
    ...{ kind: 'indexed', offset: 700, digest: /^sha512:b/, compressed: true },
  });
  const known = range('700', { 'org.erofs.chunk-index.mediaType': INDEX });
  t.match(encodingOf(layer(1, EROFS, known)), indexed);
  const unknown = range('700', { 'org.erofs.chunk-index.mediaType': 'application/vnd.erofs.chunk-index.v2' });
  t.same(encodingOf(layer(1, EROFS, unknown)), { kind: 'plain' }, 'of a kind that is not known');
  const unpinned = { 'org.erofs.chunk-index.range': '700' };
  t.same(encodingOf(layer(1, EROFS, unpinned)), { kind: 'plain' }, 'that nothing vouches for');
  for (const text of ['', 'x', '-1', '1:', ':5', '900:700', '700:700', '9007199254740992', '0x10', '1 ']) {
    t.throws(
      () => encodingOf(layer(1, EROFS, range(text))),
      { code: 'bad-index', message: /layer 1 of 1/ },
      text,
    );
  }
  const bad = { 'org.erofs.chunk-index.range': '0', 'org.erofs.chunk-index.digest': 'md5:0' };
  t.throws(() => encodingOf(layer(1, EROFS, bad)), { code: 'bad-proof' });
  t.match(layersOf(image([layer(1, EROFS, range('700'))])).facts, [{ guarantee: 'chunk-index' }]);
});

t.test('chunk indexes in blobs of their own', async (t) => {
  const target = (n: number, more = {}) => ({ 'org.erofs.chunk-index.target': digest(n), ...more });
  const { layers, blobs, facts } = layersOf(
    image(
      [layer(1, `${EROFS}+zstd`), layer(2, INDEX, target(1)), layer(3, EROFS)],
      [digest('c'), digest('d')],
    ),
  );
  t.match(layers, [{ image: ref(1) }, { image: ref(3) }]);
  t.match(facts, [{ digest: digest(1) }, { digest: digest(3) }]);
  t.match(blobs[digest(1)], {
    encoding: { kind: 'indexed', offset: 0, digest: digest(2), blob: digest(2), compressed: true },
    unpackedDigest: digest('c'),
  });
  t.match(blobs[digest(2)], { encoding: { kind: 'plain' }, size: 2000 });
  t.match(blobs[digest(3)], { unpackedDigest: digest('d') });
  const own = { 'org.erofs.chunk-index.digest': digest('e') };
  t.match(encodingOf(layer(1, EROFS), layer(2, INDEX, target(1, own)), layer(3, EROFS)), {
    digest: digest('e'),
  });
  for (const layers of [
    [layer(1, EROFS), layer(2, INDEX)],
    [layer(1, EROFS), layer(2, INDEX, target(3))],
    [layer(2, INDEX, target(1)), layer(1, EROFS)],
  ]) {
    t.throws(() => layersOf(image(layers)), { code: 'bad-index', message: /is a chunk index of/ });
  }
});

t.test('what layers unpack to', async (t) => {
  const unpacked = (annotations: Record<string, string>, diffIds?: string[]) =>
    layersOf(image([layer(1, EROFS, annotations)], diffIds)).blobs[digest(1)]?.unpackedDigest;
  t.equal(unpacked({}), undefined);
  t.equal(unpacked({}, [digest(5)]), digest(5));
  t.equal(unpacked({}, [digest(5), digest(6)]), undefined, 'a config that counts otherwise says nothing');
  t.equal(unpacked({ 'org.erofs.uncompressed-digest': digest(7) }, [digest(5)]), digest(7));
  t.throws(() => unpacked({ 'org.erofs.uncompressed-digest': 'sha256:7' }), { code: 'bad-proof' });
});

t.test('dm-verity', async (t) => {
  const verity = {
    'org.erofs.dmverity.root_digest': digest('f'),
    'org.erofs.dmverity.hash_offset': '8192',
  };
  const { layers, facts } = layersOf(
    image([
      layer(1, EROFS, { ...verity, ...role('device') }),
      layer(2, `${EROFS}+zstd`, verity),
      layer(3, EROFS),
    ]),
  );
  const claim = { root: digest('f'), hashOffset: 8192 };
  t.same(layers[0]?.proof, { blobs: [claim, claim], ignoreSidecars: true });
  t.same(layers[1]?.proof, { blobs: [{}], ignoreSidecars: true });
  t.same(
    facts.map(({ guarantee }) => guarantee),
    ['dm-verity', 'dm-verity', 'digest'],
  );
  const odd = { ...verity, 'org.erofs.dmverity.hash_offset': '100' };
  t.throws(() => layersOf(image([layer(1, EROFS, odd)])), { code: 'bad-proof' });
  const elsewhere = { 'image.layer.digest': digest(1), 'image.layer.root_hash': 'f'.repeat(64) };
  const treeless = layersOf(image([layer(1, EROFS, elsewhere)]));
  t.same(treeless.layers[0]?.proof?.blobs, [{}]);
  t.match(treeless.facts, [{ guarantee: 'digest', notes: [/its tree is/] }]);
  t.throws(() => layersOf(image([layer(2, EROFS, elsewhere)])), { code: 'bad-proof', message: /is about/ });
  const draft = {
    'dev.containerd.erofs.dmverity.root_digest': digest('f'),
    'dev.containerd.erofs.dmverity.offset': '777',
  };
  t.match(layersOf(image([layer(1, `${EROFS}+zstd`, draft)])).facts, [
    { notes: [/packed apart, and not used/] },
  ]);
});

t.test('guarantees of what is in files', async (t) => {
  const place = { kind: 'file', path: '/layout/blobs/sha256/1', offset: 0 } as const;
  const guarantee = (mediaType: string) =>
    layersOf(image([layer(1, mediaType, {}, { place })])).facts[0]?.guarantee;
  t.equal(guarantee(EROFS), 'none');
  t.equal(guarantee(`${EROFS}+zstd`), 'digest');
});
