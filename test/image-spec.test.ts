/** From named images to a spec: whose the options are, and what is refused. */
import { join, resolve } from 'node:path';
import t from 'tap';
import { imageSpec, type NamedImages } from '../src/image-spec.js';
import { images } from './support/paths.js';

const remote = { cacheDirectory: '/c', cacheSize: 0, chunkSize: 4096 };
const named = (given: Partial<NamedImages>): NamedImages => ({
  images: ['a.erofs'],
  proof: { blobs: [], require: true },
  remote,
  ...given,
});

t.test('one image', async (t) => {
  t.same(await imageSpec(named({ offset: 4096, devices: ['d'], stores: ['s'], uid: 1, gid: 2 })), {
    image: resolve('a.erofs'),
    offset: 4096,
    devices: [resolve('d')],
    objects: { stores: [resolve('s')] },
    ...{ uid: 1, gid: 2 },
    proof: { blobs: [], require: true },
    remote,
  });
});

t.test('what is said of one image is said of the lowest; proofs go in order', async (t) => {
  const blobs = ['a', 'd', 'b', 'c'].map((root) => ({ root }));
  const spec = await imageSpec(
    named({
      images: ['a.erofs', 'b.erofs', 'https://host/c.erofs'],
      ...{ offset: 1, devices: ['d'], allowTruncated: true },
      proof: { blobs, require: true },
    }),
  );
  t.match(spec, { image: resolve('a.erofs'), offset: 1, allowTruncated: true });
  t.same(spec.proof, { blobs: blobs.slice(0, 2), require: true });
  t.same(spec.upperLayers, [
    { image: resolve('b.erofs'), allowTruncated: true, proof: { blobs: [{ root: 'b' }], require: true } },
    { image: 'https://host/c.erofs', allowTruncated: true, proof: { blobs: [{ root: 'c' }], require: true } },
  ]);
});

t.test('fewer proofs than layers leave the last without', async (t) => {
  const spec = await imageSpec(named({ images: ['a', 'b'], proof: { blobs: [{ root: 'a' }] } }));
  t.same(spec.upperLayers?.[0]?.proof, { blobs: [] });
});

t.test('what can be meant in two ways is refused', async (t) => {
  const blobs = [{ root: 'a' }, { root: 'b' }, { root: 'c' }];
  await t.rejects(imageSpec(named({ images: ['a', 'b'], proof: { blobs } })), {
    code: 'usage',
    message: /given for 3 blobs, there are 2/,
  });
  const mirrored = { ...remote, http: { mirrors: ['https://other/a'] } };
  await t.rejects(imageSpec(named({ images: ['https://h/a', 'https://h/b'], remote: mirrored })), {
    code: 'usage',
    message: /--mirror says where one image also is, and 2 URLs were given/,
  });
  t.ok(await imageSpec(named({ images: ['https://h/a', 'b'], remote: mirrored })));
  await t.rejects(imageSpec(named({ images: [images] })), { code: 'not-a-snapshot' });
  t.equal((await imageSpec(named({ images: [join(images, 'none')] }))).image, join(images, 'none'));
});
