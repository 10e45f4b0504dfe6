/** Whole images pinned by their digest, and by what CubeSandbox says of them. */
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openFileSource } from '../../src/cache/file-source.js';
import { openImage } from '../../src/open.js';
import { specToOpenAgain } from '../../src/open-again.js';
import { readArtifact } from '../../src/proof/artifact.js';
import { checkBlobDigest } from '../../src/proof/blob-digest.js';
import { images } from '../support/paths.js';
import { describeRun, erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const image = join(images, 'plain.erofs');
const bytes = readFileSync(image);
const hash = (algorithm: string): string => createHash(algorithm).update(bytes).digest('hex');
const wrong = '0'.repeat(64);

t.test('the image that it is of, and no other, stays as it was hashed', async (t) => {
  const path = scratch.file('image.erofs');
  copyFileSync(image, path);
  for (const digest of [`sha256:${hash('sha256')}`, `sha512:${hash('sha512')}`]) {
    const cacheDirectory = scratch.folder('self', 'cache');
    const spec = { image: path, proof: { blobs: [{ blobDigest: digest }], cacheDirectory } };
    const opened = await openImage(spec);
    t.match(opened.proofs, [{ kind: 'fs-verity', trust: 'pinned', by: digest }]);
    const again = specToOpenAgain(spec, opened);
    t.same(
      again.proof?.blobs,
      [{ fsVerityDigest: opened.proofs[0]!.digest }],
      'it is not hashed a second time',
    );
    opened.close();
    (await openImage(again)).close();
  }
  const proof = { blobs: [{ blobDigest: `sha256:${wrong}` }] };
  await t.rejects(openImage({ image: path, proof }), {
    code: 'digest-mismatch',
    message: new RegExp(`image.erofs: its digest is sha256:${hash('sha256')}, sha256:${wrong} was pinned`),
  });
  await t.rejects(openImage({ image: path, proof: { blobs: [{ blobSize: 7 }] } }), { code: 'data-size' });
});

t.test('bytes that change once it was hashed are not given', async (t) => {
  const path = scratch.file('changing.erofs');
  copyFileSync(image, path);
  const blobDigest = `sha256:${hash('sha256')}`;
  const opened = await openImage({ image: path, proof: { blobs: [{ blobDigest }] } });
  const { bytes: view } = opened.image;
  const place = bytes.length - 100;
  const changed = Uint8Array.from(bytes);
  changed[place]! ^= 1;
  writeFileSync(path, changed);
  const read = new Uint8Array(50);
  await t.rejects(async () => opened.run(() => view.copy(read, 0, place)), { code: 'integrity' });
  opened.close();
});

t.test('a blob of which something is not here is not fetched for it', async (t) => {
  const source = { ...methods(openFileSource(image)), isHere: () => false };
  await t.rejects(checkBlobDigest(source, `sha256:${hash('sha256')}`, {}), {
    code: 'not-here',
    message: /erofs pull/,
  });
  await t.rejects(checkBlobDigest(openFileSource(image), 'md5:00', {}), { code: 'bad-digest' });
});

function methods(source: ReturnType<typeof openFileSource>) {
  t.teardown(() => source.close());
  const { id, name, size } = source;
  return { id, name, size, read: source.read.bind(source), close: () => {} };
}

const annotations = {
  'cube.master.rootfs.artifact.sha256': hash('sha256'),
  'cube.master.rootfs.artifact.size_bytes': `${bytes.length}`,
  'cube.master.rootfs.artifact.fs_type': 'erofs',
  'cube.master.rootfs.artifact.token': 'secret-token',
};
const write = (document: unknown): string => scratch.file('artifact.json', JSON.stringify(document));
const without = (name: string) =>
  Object.fromEntries(Object.entries(annotations).filter(([key]) => !key.endsWith(name)));
const says = { blobDigest: `sha256:${hash('sha256')}`, blobSize: bytes.length };

t.test('annotations of an artifact, wherever they stand', async (t) => {
  t.same(readArtifact(write(annotations)), says);
  const container = { image: { image: 'rfs-1', annotations, storage_media: 'ext4' } };
  t.same(readArtifact(write({ create_request: { containers: [container, container] } })), says);
  const old = { annotations: without('fs_type'), storage_media: 'erofs' };
  t.same(readArtifact(write(old)), says, 'the type beside the annotations');
  t.same(readArtifact(write(without('size_bytes'))), { blobDigest: says.blobDigest });
});

t.test('annotations that say something else are refused, and no secret is told', async (t) => {
  const other = { ...annotations, 'cube.master.rootfs.artifact.sha256': wrong };
  const refusals: [unknown, RegExp][] = [
    [{ ...annotations, 'cube.master.rootfs.artifact.fs_type': 'ext4' }, /file system is "ext4", not "erofs"/],
    [without('fs_type'), /file system is "ext4"/],
    [{ ...annotations, 'cube.master.rootfs.artifact.sha256': 'ABC' }, /expected 64 hexadecimal digits/],
    [{ ...annotations, 'cube.master.rootfs.artifact.size_bytes': '1K' }, /expected a number of bytes/],
    [{ one: annotations, two: other }, /several annotations .* that differ/],
    [{ annotations: {} }, /it has no annotation cube\.master\.rootfs\.artifact\.sha256/],
  ];
  for (const [document, message] of refusals) {
    t.throws(() => readArtifact(write(document)), { code: 'bad-proof', message });
    t.throws(() => readArtifact(write(document)), { message: /^(?!.*secret)/ });
  }
  t.throws(() => readArtifact(scratch.file('artifact.json', '{')), { code: 'bad-proof', message: /no JSON/ });
  t.throws(() => readArtifact('/no/such'), { code: 'ENOENT' });
});

t.test('on the command line', async (t) => {
  const cache = ['--cache-dir', scratch.folder('self', 'cache')];
  const listed = await erofs(['info', '--json', ...cache, '--artifact', write(annotations), image]);
  t.equal(listed.status, 0, describeRun(listed));
  t.match(JSON.parse(listed.stdout).proofs, [{ kind: 'fs-verity', trust: 'pinned', by: says.blobDigest }]);
  const refused = await erofs(['ls', ...cache, '--image-digest', `sha256:${wrong}`, image]);
  t.match(refused, { status: 1, stdout: '', stderr: /^erofs ls: .*its digest is sha256:.* was pinned/ });
  const both = ['--image-digest', says.blobDigest, '--artifact', write(annotations)];
  t.match(await erofs(['ls', ...cache, ...both, image]), { status: 2, stderr: /expected it alone/ });
  const placed = await erofs(['ls', ...cache, '--image-digest', '-', image]);
  t.equal(placed.status, 0, 'a place that is held for none');
});
