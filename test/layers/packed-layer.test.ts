/** A layer that must be unpacked as a whole: once, for everybody, and told. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { keptBlobs } from '../../src/cache/cache-contents.js';
import type { BlobEncoding } from '../../src/layers/layer-blob.js';
import { Random } from '../support/random.js';
import { Scratch } from '../support/scratch.js';
import { digestOf, zstdBomb, zstdFrame } from '../support/zstd-layer.js';
import { CHUNK, Opening } from './opening.js';

const scratch = new Scratch(t);
const IMAGE = Buffer.from(new Random(13).bytes(20 * CHUNK + 100));
const UNPACKED = { unpackedDigest: digestOf(IMAGE) };

const FORMS: Readonly<Record<string, readonly [BlobEncoding, Uint8Array]>> = {
  gzip: [{ kind: 'packed', compression: 'gzip' }, new Uint8Array(gzipSync(IMAGE))],
  zstd: [{ kind: 'packed', compression: 'zstd' }, new Uint8Array(zstdFrame(IMAGE))],
};
const [GZIP, PACKED] = FORMS.gzip!;

for (const [name, [encoding, packed]] of Object.entries(FORMS)) {
  t.test(`${name}: fetched once, told, and kept unpacked`, async (t) => {
    const opening = new Opening(t, scratch);
    const { registry, cacheDirectory } = opening;
    const blob = opening.describe(packed, encoding, UNPACKED);
    const opened = await opening.open(blob);
    t.equal(opening.reports.length, 1);
    t.match(opening.messages, new RegExp(`cannot be read in parts: all of its ${packed.length} bytes`));
    t.match(opened.known, { name: blob.name, size: IMAGE.length, version: 'digest' });
    t.equal(registry.asked(blob.digest), packed.length, 'each byte once');
    const dst = Buffer.alloc(IMAGE.length);
    t.ok(opened.source.readSync!(dst, 0), 'all of it is here');
    t.ok(dst.equals(IMAGE));
    const kept = keptBlobs(join(cacheDirectory, 'blobs'));
    t.match(kept, [{ name: blob.name, size: IMAGE.length, chunksKept: 21 }], 'as the cache lists it');
    t.equal(kept.length, 1, 'and not what it was unpacked from');

    registry.isGone = true;
    for (const more of [
      { offline: true, found: opened.known! },
      { offline: true },
      { requireLazy: true },
      {},
    ]) {
      const other = await opening.open(blob, more);
      t.ok((await other.read()).equals(IMAGE));
    }
    t.equal(opening.reports.length, 1, 'told once');
    t.equal(registry.open, 0);
  });
}

t.test('refused where only what is lazy is wanted', async (t) => {
  const opening = new Opening(t, scratch);
  const blob = opening.describe(PACKED, GZIP, UNPACKED);
  await t.rejects(opening.open(blob, { requireLazy: true }), { code: 'not-lazy', message: /--require-lazy/ });
  t.same(opening.registry.requests, []);
});

t.test('several that open it at once: one unpacks it', async (t) => {
  const opening = new Opening(t, scratch);
  const blob = opening.describe(PACKED, GZIP, UNPACKED);
  const opened = await Promise.all([1, 2, 3, 4].map(() => opening.open(blob)));
  for (const one of opened) t.ok((await one.read()).equals(IMAGE));
  t.equal(opening.registry.asked(blob.digest), PACKED.length);
  t.equal(opening.reports.length, 1);
});

t.test('what has been evicted is unpacked anew', async (t) => {
  const opening = new Opening(t, scratch);
  const { registry, cacheDirectory } = opening;
  const blob = opening.describe(PACKED, GZIP, UNPACKED);
  const opened = await opening.open(blob);
  const [kept] = keptBlobs(join(cacheDirectory, 'blobs'));
  rmSync(kept!.folder, { recursive: true });
  // a mount that goes on, and one that begins
  const other = await opening.open(blob);
  t.ok((await other.read()).equals(IMAGE));
  t.equal(registry.asked(blob.digest), 2 * PACKED.length);
  rmSync(kept!.folder, { recursive: true });
  const later = await opening.open(blob, { found: opened.known! });
  t.ok((await later.read({ offset: 5, length: 10 })).equals(IMAGE.subarray(5, 15)));
  // as it came it is here again, which a mount without the network makes use of
  const alone = await opening.open(blob, { offline: true });
  t.ok((await alone.read()).equals(IMAGE));
  rmSync(join(cacheDirectory, 'blobs'), { recursive: true });
  await t.rejects(opening.open(blob, { offline: true }), { code: 'offline' });
});

t.test('a cache that keeps nothing: it is read from a file, as long as it is open', async (t) => {
  const opening = new Opening(t, scratch);
  const blob = opening.describe(PACKED, GZIP, UNPACKED);
  const nowhere = { cacheDirectory: '/proc/nothing/of/the/kind' };
  const opened = await opening.open(blob, nowhere);
  t.match(opening.messages, /is read without being kept/);
  const asked = opening.registry.asked(blob.digest);
  for (let round = 0; round < 3; round++) t.ok((await opened.read()).equals(IMAGE));
  t.equal(opening.registry.asked(blob.digest), asked);
});

t.test('what came wrong is asked for again', async (t) => {
  const opening = new Opening(t, scratch);
  const blob = opening.describe(PACKED, GZIP, UNPACKED);
  opening.registry.lies.set(blob.digest, 1000);
  t.ok((await (await opening.open(blob)).read()).equals(IMAGE));
});

t.test('what comes wrong for good is refused, and nothing of it stays', async (t) => {
  const opening = new Opening(t, scratch);
  const { registry, cacheDirectory } = opening;
  registry.isHopeless = true;
  const blob = opening.describe(PACKED, GZIP, UNPACKED);
  registry.lies.set(blob.digest, 1000);
  await t.rejects(opening.open(blob), { code: 'bad-digest', message: blob.digest });
  t.equal(registry.open, 0);
  t.same(readdirSync(join(cacheDirectory, 'blobs')), []);
  registry.lies.clear();
  t.ok((await (await opening.open(blob)).read()).equals(IMAGE), 'mended, it is read');
});

t.test('what is right and unpacks to something else', async (t) => {
  const opening = new Opening(t, scratch);
  const blob = opening.describe(PACKED, GZIP, { unpackedDigest: digestOf(PACKED) });
  await t.rejects(opening.open(blob), { code: 'bad-diff-id' });
  const other = opening.describe(new Uint8Array(500), GZIP);
  await t.rejects(opening.open(other), { code: 'undecodable' });
});

t.test('a bomb', async (t) => {
  const opening = new Opening(t, scratch);
  const [encoding] = FORMS.zstd!;
  const blob = opening.describe(new Uint8Array(zstdBomb(1000)), encoding);
  await t.rejects(opening.open(blob, { cacheSize: 10 << 20 }), {
    code: 'too-large',
    message: /--cache-size/,
  });
});

t.test('a part of a file', async (t) => {
  const opening = new Opening(t, scratch);
  const path = scratch.file('archive', Buffer.concat([Buffer.alloc(512), PACKED, Buffer.alloc(99)]));
  const place = { kind: 'file', path, offset: 512 } as const;
  const blob = opening.describe(PACKED, GZIP, { ...UNPACKED, place });
  const opened = await opening.open(blob, { offline: true });
  t.ok((await opened.read()).equals(IMAGE));
  t.same(opening.registry.requests, []);
  t.equal(keptBlobs(join(opening.cacheDirectory, 'blobs')).length, 1);
});
