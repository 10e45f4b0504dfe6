/** Images in folders and archives: layouts, and what docker save writes; archives made by the system's tar. */
import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import type { BlobPlace } from '../../src/layers/layer-blob.js';
import { ArchiveFiles } from '../../src/registry/archive-files.js';
import { resolveImage, resolveReferrers } from '../../src/registry/container-image.js';
import { type FilePart, readPart } from '../../src/registry/file-part.js';
import * as layout from '../support/layout.js';
import { blobName, type LayoutEntry, put, REF_NAME } from '../support/layout.js';
import { Random } from '../support/random.js';
import { described, documentOf, imageContent, MEDIA_TYPES, sha256 } from '../support/registry-push.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const layerBytes = (seed: number): Uint8Array => new Random(seed).bytes(5000 + seed);
const makeLayout = (entries: readonly LayoutEntry[]) => layout.makeLayout(scratch, entries);
const savedImage = (layers: readonly Uint8Array[], names: readonly string[] | null) =>
  layout.savedImage(scratch, layers, names);
const archive = (folder: string, ...parameters: string[]) => layout.archive(scratch, folder, ...parameters);

function bytesAt(place: BlobPlace, size: number): Uint8Array {
  if (place.kind !== 'file') throw new Error('no file');
  return readFileSync(place.path).subarray(place.offset, place.offset + size);
}

/** The image that a reference names has these layers, byte by byte, where it says. */
async function hasLayers(t: Test, reference: string, layers: readonly Uint8Array[]) {
  const image = await resolveImage(reference, { platform: 'linux/amd64' });
  t.equal(image.layers.length, layers.length, reference);
  for (const [index, { place, digest, size }] of image.layers.entries()) {
    t.equal(digest, sha256(layers[index]!));
    t.same(bytesAt(place, size), Buffer.from(layers[index]!), `${reference}: layer ${index}`);
  }
  return image;
}

t.test('a layout, as a folder and as an archive of each kind', async (t) => {
  const layers = [layerBytes(1), layerBytes(2)];
  const { folder, manifests } = makeLayout([
    { name: '1.0', layers: layers.map((bytes) => ({ bytes })) },
    { name: 'docker.io/library/other:2', layers: [{ bytes: layerBytes(3) }] },
  ]);
  const archives = ['gnu', 'ustar', 'pax', 'v7', 'oldgnu'].map((format) =>
    archive(folder, `--format=${format}`),
  );
  for (const name of [`oci-layout:${folder}`, ...archives.map((path) => `oci-archive:${path}`)]) {
    const image = await hasLayers(t, `${name}:1.0`, layers);
    t.match(image, { digest: manifests[0]!.digest, mediaType: MEDIA_TYPES.manifest });
    t.same(image.diffIds, layers.map(sha256));
    t.match(image.platform, { os: 'linux', architecture: 'amd64' });
    await hasLayers(t, `${name}:docker.io/library/other:2`, [layerBytes(3)]);
    await hasLayers(t, `${name}@${manifests[1]!.digest}`, [layerBytes(3)]);
    await t.rejects(resolveImage(name), { code: 'reference', message: /2 images: add one of :1.0, :docker/ });
    await t.rejects(resolveImage(`${name}:2.0`), { code: 'not-found', message: /there is: 1.0, docker/ });
    await t.rejects(resolveImage(`${name}@${sha256(layerBytes(9))}`), { code: 'not-found' });
  }
});

t.test('an index of platforms, and platforms side by side', async (t) => {
  const platform = (...features: string[]) => ({
    os: 'linux',
    architecture: 'amd64',
    'os.features': features,
  });
  const { folder, manifests } = makeLayout([
    { layers: [{ bytes: layerBytes(1), mediaType: MEDIA_TYPES.tar }], platform: platform() },
    { layers: [{ bytes: layerBytes(2) }], platform: platform('erofs') },
    { layers: [{ bytes: layerBytes(3) }], platform: { os: 'linux', architecture: 'arm64' } },
  ]);
  const image = await hasLayers(t, `oci-layout:${folder}`, [layerBytes(2)]);
  t.same(
    image.index?.images.map(({ isChosen }) => isChosen),
    [false, true, false],
  );
  t.same(image.platform?.osFeatures, ['erofs']);
  await t.rejects(resolveImage(`oci-layout:${folder}`, { platform: 'linux/s390x' }), {
    code: 'no-platform',
    message: /no image for linux\/s390x; there is: linux\/amd64, linux\/amd64 \(erofs\), linux\/arm64/,
  });
  const index = documentOf(MEDIA_TYPES.index, { schemaVersion: 2, manifests: manifests.map(described) });
  put(folder, blobName(index.digest), index.bytes);
  put(folder, 'index.json', JSON.stringify({ schemaVersion: 2, manifests: [described(index)] }));
  await hasLayers(t, `oci-layout:${folder}`, [layerBytes(1)]);
});

t.test('damage is found before anything is believed', async (t) => {
  const { folder, manifests } = makeLayout([{ layers: [{ bytes: layerBytes(1) }] }]);
  const { config, layers } = JSON.parse(Buffer.from(manifests[0]!.bytes).toString());
  const name = `oci-layout:${folder}`;
  await hasLayers(t, name, [layerBytes(1)]);
  for (const digest of [manifests[0]!.digest, config.digest]) {
    const path = join(folder, blobName(digest));
    const bytes = readFileSync(path);
    writeFileSync(path, Buffer.from(bytes).fill('x', 20, 21));
    await t.rejects(resolveImage(name), { code: 'corrupt', message: /another digest/ });
    writeFileSync(path, bytes.subarray(1));
    await t.rejects(resolveImage(name), { code: 'corrupt', message: /bytes, where the manifest says/ });
    writeFileSync(path, bytes);
  }
  put(folder, blobName(layers[0].digest), layerBytes(1).subarray(1));
  await t.rejects(resolveImage(name), {
    code: 'corrupt',
    message: /5000 bytes, where the manifest says 5001/,
  });
  put(folder, 'oci-layout', '{"imageLayoutVersion":"2.0.0"}');
  await t.rejects(resolveImage(name), { code: 'unsupported', message: /version "2.0.0"/ });
  await t.rejects(resolveImage(`oci-layout:${scratch.folder()}`), {
    code: 'not-found',
    message: /no file oci-layout/,
  });
});

t.test('what refers to an image of a layout', async (t) => {
  const { folder, manifests } = makeLayout([{ name: 'app', layers: [{ bytes: layerBytes(1) }] }]);
  const signature = imageContent({
    layers: [{ bytes: Buffer.from('signed'), mediaType: 'application/x-signature' }],
    fields: { artifactType: 'application/x-of-mine', subject: described(manifests[0]!) },
  });
  for (const blob of [signature.manifest, ...signature.blobs]) put(folder, blobName(blob.digest), blob.bytes);
  const listed = [
    { ...described(manifests[0]!), annotations: { [REF_NAME]: 'app' } },
    described(signature.manifest),
  ];
  put(folder, 'index.json', JSON.stringify({ schemaVersion: 2, manifests: listed }));
  const image = await resolveImage(`oci-layout:${folder}:app`);
  const [found, ...others] = await resolveReferrers(image, 'application/x-of-mine');
  t.equal(found?.digest, signature.manifest.digest);
  t.equal(found?.layers[0]?.mediaType, 'application/x-signature');
  t.same(others, []);
  t.same(await resolveReferrers(image, 'application/x-other'), []);
});

t.test('what docker save writes', async (t) => {
  const layers = [layerBytes(4), layerBytes(5)];
  const all = [...layers, layers[0]!];
  const path = archive(savedImage(layers, ['debian:12', 'ghcr.io/a/b:1']));
  for (const name of ['', ':debian:12', ':docker.io/library/debian:12', ':ghcr.io/a/b:1']) {
    const image = await hasLayers(t, `docker-archive:${path}${name}`, all);
    t.match(image.layers[0], { mediaType: 'application/vnd.docker.image.rootfs.diff.tar' });
  }
  await t.rejects(resolveImage(`docker-archive:${path}:debian:11`), {
    code: 'not-found',
    message: /no image docker.io\/library\/debian:11; there is: docker.io\/library\/debian:12, ghcr/,
  });
  const packed = gzipSync(layers[0]!);
  const folder = savedImage(layers, null);
  put(folder, 'layer-0/layer.tar', packed);
  const image = await hasLayers(t, `docker-archive:${archive(folder)}`, [packed, layers[1]!, packed]);
  t.match(image.layers[0], { mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' });
});

t.test('what newer ones write is a layout as well', async (t) => {
  const { folder } = makeLayout([{ layers: [{ bytes: layerBytes(6) }] }]);
  const { manifests } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
  const annotations = { 'io.containerd.image.name': 'docker.io/library/app:1', [REF_NAME]: '1' };
  put(
    folder,
    'index.json',
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifests[0], annotations }] }),
  );
  put(folder, 'manifest.json', '[]');
  const image = await hasLayers(t, `docker-archive:${archive(folder)}:app:1`, [layerBytes(6)]);
  t.equal(image.layers[0]?.mediaType, MEDIA_TYPES.erofs);
});

t.test('archives that are none of these', async (t) => {
  const empty = archive(scratch.folder());
  await t.rejects(resolveImage(`docker-archive:${empty}`), {
    code: 'not-found',
    message: /no manifest.json/,
  });
  await t.rejects(resolveImage(`oci-archive:${empty}`), { code: 'not-found', message: /no file oci-layout/ });
  const path = archive(savedImage([layerBytes(1)], null));
  for (const [flag, name] of [
    ['gzip', 'gzip'],
    ['xz', 'xz'],
    ['bzip2', 'bzip2'],
  ] as const) {
    const { status, stdout } = spawnSync(flag, ['-c', path], { maxBuffer: 1 << 26 });
    if (status !== 0) continue;
    const packed = scratch.file('packed', stdout);
    const expected = { code: 'unsupported', message: new RegExp(`compressed with ${name}`) };
    await t.rejects(resolveImage(`docker-archive:${packed}`), expected);
  }
  await t.rejects(resolveImage('docker-archive:/nowhere.tar'), { code: 'ENOENT' });
  for (const images of ['{', '{}', '[]', '[{}]', '[{"Config":"a","Layers":[1]}]']) {
    const folder = scratch.folder();
    put(folder, 'manifest.json', images);
    await t.rejects(resolveImage(`docker-archive:${archive(folder)}`), { code: 'corrupt' }, images);
  }
  const folder = savedImage([layerBytes(1)], null);
  put(folder, 'manifest.json', '[{"Config":"config.json","Layers":["absent"]}]');
  await t.rejects(resolveImage(`docker-archive:${archive(folder)}`), {
    code: 'corrupt',
    message: /no member absent/,
  });
});

t.test('members of every kind are found where they lie', async (t) => {
  const folder = scratch.folder();
  const long = `${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(120)}`;
  const names = ['short', 'a/b/c', long, `${'ü'.repeat(60)}/ß`, 'with space'];
  names.forEach((name, index) => {
    put(folder, name, `content of ${index}`);
  });
  spawnSync('ln', [join(folder, 'short'), join(folder, 'twin')]);
  symlinkSync(`../${long}`, join(folder, 'a/link'));
  symlinkSync('loop', join(folder, 'loop'));
  symlinkSync('/etc/passwd', join(folder, 'outside'));
  for (const format of ['gnu', 'pax']) {
    const files = new ArchiveFiles(archive(folder, `--format=${format}`));
    const text = (part: FilePart | undefined) => part && Buffer.from(readPart(part, 1000, 'it')).toString();
    names.forEach((name, index) => {
      t.equal(text(files.find(name)), `content of ${index}`, `${format}: ${name}`);
      t.equal(text(files.find(`./${name}`)), `content of ${index}`);
    });
    t.equal(text(files.find('twin')), 'content of 0', 'a hard link');
    t.equal(text(files.find('a/link')), 'content of 2', 'a symbolic link');
    for (const name of ['loop', 'outside', 'a', 'absent', '']) t.equal(files.find(name), undefined, name);
    t.throws(() => readPart(files.find(long)!, 3, 'it'), { code: 'corrupt' });
  }
});

t.test('names that ustar splits', async (t) => {
  const folder = scratch.folder();
  const name = `${'d'.repeat(90)}/${'e'.repeat(90)}`;
  put(folder, name, 'content');
  const files = new ArchiveFiles(archive(folder, '--format=ustar'));
  t.equal(Buffer.from(readPart(files.find(name)!, 1000, 'it')).toString(), 'content');
});

t.test('a damaged archive is refused or read as it is; nothing lies outside of it', async (t) => {
  const path = archive(savedImage([layerBytes(1).subarray(0, 700)], null), '--format=pax');
  const bytes = readFileSync(path);
  const copy = scratch.file('copy');
  const inside = (length = bytes.length) => {
    try {
      const part = new ArchiveFiles(copy).find('layer-0/layer.tar');
      return part === undefined || part.offset + part.size <= length;
    } catch (error) {
      return ['corrupt', 'unsupported'].includes((error as { code: string }).code);
    }
  };
  const wrong: number[] = [];
  for (let at = 0; at < bytes.length; at += 41) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 1 << (at % 8);
    writeFileSync(copy, damaged);
    if (!inside()) wrong.push(at);
  }
  t.same(wrong, []);
  for (let length = 1; length < bytes.length; length += 177) {
    writeFileSync(copy, bytes.subarray(0, length));
    t.ok(inside(length), `cut at ${length}`);
  }
  writeFileSync(copy, bytes.subarray(0, 700));
  t.throws(() => new ArchiveFiles(copy), { code: 'corrupt', message: /cut off/ });
  const damaged = Buffer.from(bytes);
  damaged[1]! ^= 1;
  writeFileSync(copy, damaged);
  t.throws(() => new ArchiveFiles(copy), { code: 'corrupt', message: /checksum/ });
});
