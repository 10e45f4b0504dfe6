/** A layer with a chunk index: the index is fetched once, chunks are checked before they are kept, and others find them. */
import t from 'tap';
import type { LazySource } from '../../src/cache/lazy-source.js';
import type { LayerBlob } from '../../src/layers/layer-blob.js';
import { Random } from '../support/random.js';
import { Scratch } from '../support/scratch.js';
import { digestOf, type IndexedLayer, indexedLayer, type LayerShape } from '../support/zstd-layer.js';
import { CHUNK, Opening } from './opening.js';

const scratch = new Scratch(t);
const IMAGE = Buffer.from(new Random(12).bytes(20 * CHUNK + 100));
const UNPACKED = { unpackedDigest: digestOf(IMAGE) };
const SHAPE: LayerShape = { chunkSizes: [2 * CHUNK], checksums: 'sha256' };

/** `isCompressed` as the media type says. */
function described(
  opening: Opening,
  layer: IndexedLayer,
  shape = SHAPE,
  more: Partial<LayerBlob> = {},
): LayerBlob {
  const { isCompressed = true, isStandalone = false } = shape;
  const place = { offset: layer.indexOffset, digest: layer.indexDigest, compressed: isCompressed };
  const blob = isStandalone ? opening.describe(layer.index, { kind: 'plain' }).digest : undefined;
  return opening.describe(layer.blob, { kind: 'indexed', ...place, ...(blob && { blob }) }, more);
}

for (const shape of [
  SHAPE,
  { ...SHAPE, padding: 1000 },
  { ...SHAPE, isStandalone: true },
  { ...SHAPE, isCompressed: false },
  { ...SHAPE, isCompressed: false, isStandalone: true },
  { ...SHAPE, checksums: 'sha512', layout: 'fixed-23' },
] as LayerShape[]) {
  t.test(`read in parts: ${JSON.stringify(shape)}`, async (t) => {
    const opening = new Opening(t, scratch);
    const { registry } = opening;
    const layer = indexedLayer(IMAGE, shape);
    const blob = described(opening, layer, shape);
    const opened = await opening.open(blob);
    t.equal(opened.source.size, IMAGE.length);
    t.equal(opened.known?.version, 'chunk-index');
    const forIndex = registry.requests.length;
    t.ok(forIndex > 0 && forIndex < 3, `${forIndex} requests for the index`);
    t.ok(registry.asked(blob.digest) < 3 * CHUNK, 'and not much more than that');
    t.ok(
      (await opened.read({ offset: 7 * CHUNK, length: 10 })).equals(
        IMAGE.subarray(7 * CHUNK, 7 * CHUNK + 10),
      ),
    );
    const [request] = registry.requests.slice(forIndex);
    t.match(request, { digest: blob.digest, offset: layer.blockOffsets[3] }, 'the chunk that has it');
    t.ok((await opened.read()).equals(IMAGE));
    await (opened.source as LazySource).flush();
    t.same(opening.reports, []);

    // threads that cannot wait, mounts without the network, and later ones that need nothing
    registry.isGone = true;
    for (const more of [{ offline: true, found: opened.known! }, { offline: true }, {}]) {
      const other = await opening.open(blob, more);
      t.ok((await other.read()).equals(IMAGE));
    }
  });
}

t.test('what was opened before needs its index when something has to be fetched', async (t) => {
  const opening = new Opening(t, scratch);
  const { registry } = opening;
  const blob = described(opening, indexedLayer(IMAGE, SHAPE));
  const first = await opening.open(blob);
  await (first.source as LazySource).flush();
  first.close();
  const asked = registry.requests.length;
  for (const found of [first.known, undefined]) {
    const before = registry.requests.length;
    const later = await opening.open(blob, found && { found });
    t.equal(registry.requests.length, before);
    t.ok((await later.read({ offset: 0, length: 5 })).equals(IMAGE.subarray(0, 5)));
    later.close();
  }
  t.equal(registry.requests.length, asked + 1, 'the index was kept');
});

t.test('a chunk that came wrong is asked for again, and never kept', async (t) => {
  const opening = new Opening(t, scratch);
  const { registry } = opening;
  const layer = indexedLayer(IMAGE, SHAPE);
  const blob = described(opening, layer);
  const opened = await opening.open(blob);
  registry.lies.set(blob.digest, layer.blockOffsets[3]! + 50);
  t.ok(
    (await opened.read({ offset: 6 * CHUNK, length: CHUNK })).equals(IMAGE.subarray(6 * CHUNK, 7 * CHUNK)),
  );
  t.notOk(registry.lies.has(blob.digest), 'it was blamed');
  registry.isHopeless = true;
  registry.lies.set(blob.digest, layer.blockOffsets[5]! + 50);
  const reading = opened.read({ offset: 10 * CHUNK, length: CHUNK });
  await t.rejects(reading, { code: 'bad-chunk', message: blob.name });
  t.ok(
    (await opened.read({ offset: 9 * CHUNK, length: CHUNK })).equals(IMAGE.subarray(9 * CHUNK, 10 * CHUNK)),
  );
  registry.lies.clear();
  t.ok(
    (await opened.read({ offset: 10 * CHUNK, length: CHUNK })).equals(IMAGE.subarray(10 * CHUNK, 11 * CHUNK)),
  );
});

t.test('an index that came wrong is asked for again', async (t) => {
  const opening = new Opening(t, scratch);
  const { registry } = opening;
  const layer = indexedLayer(IMAGE, SHAPE);
  const blob = described(opening, layer);
  registry.lies.set(blob.digest, layer.indexOffset + 8 + 40);
  const opened = await opening.open(blob);
  t.ok((await opened.read()).equals(IMAGE));
});

t.test('an index that is wrong', async (t) => {
  const layer = indexedLayer(IMAGE, SHAPE);
  const place = { kind: 'indexed', compressed: true, digest: layer.indexDigest } as const;
  const wrong = async (encoding: object, message: RegExp, lie?: number) => {
    const opening = new Opening(t, scratch);
    opening.registry.isHopeless = true;
    if (lie !== undefined) opening.registry.lies.set(digestOf(layer.blob), lie);
    const blob = opening.describe(layer.blob, { ...place, offset: layer.indexOffset, ...encoding });
    await t.rejects(opening.open(blob), { code: 'bad-index', message });
  };
  await wrong({ digest: digestOf(IMAGE) }, /its digest is/);
  await wrong({ offset: layer.indexOffset + 8, digest: digestOf(layer.blob) }, /its digest is/);
  await wrong({ offset: layer.blob.length }, /is said to be in bytes/);
  await wrong({ end: layer.blob.length + 1 }, /is said to be in bytes/);
  await wrong({ end: layer.blob.length - 1 }, /is said to have \d+ bytes/);
  await wrong({ compressed: false }, /media type/);
  await wrong({}, /its digest is/, layer.indexOffset + 8);
});

t.test('an index of a kind that is not known: the layer is read as if it had none', async (t) => {
  for (const isCompressed of [true, false]) {
    const opening = new Opening(t, scratch);
    const shape = { ...SHAPE, isCompressed };
    const layer = indexedLayer(IMAGE, shape);
    const index = Buffer.from(layer.index);
    index.writeUInt16LE(1, 6);
    const blob = Buffer.from(layer.blob);
    blob.set(index, layer.blob.length - index.length);
    const changed = { ...layer, blob: new Uint8Array(blob), index, indexDigest: digestOf(index) };
    const described_ = described(opening, changed, shape);
    const opened = await opening.open(described_);
    t.match(opening.messages, /flags 0x1, which are unknown/);
    t.equal(opened.known?.version, 'digest');
    const content = isCompressed ? IMAGE : blob;
    t.ok((await opened.read()).equals(content));
    await (opened.source as LazySource).flush();
    const alone = await opening.open(described_, { offline: true, found: opened.known! });
    t.ok((await alone.read()).equals(content));
    if (isCompressed) t.match(opening.messages, /cannot be read in parts/);
  }
});

t.test(
  'an index without checksums: it is told, and the digest of all of it watched where it is known',
  async (t) => {
    const shape = { ...SHAPE, checksums: undefined };
    const layer = indexedLayer(IMAGE, shape);
    const without = new Opening(t, scratch);
    const unproven = await without.open(described(without, layer, shape));
    t.match(without.messages, /no checksums/);
    t.equal(unproven.known?.version, 'none');
    t.equal(unproven.whole, undefined);

    const opening = new Opening(t, scratch);
    const blob = described(opening, layer, shape, UNPACKED);
    const opened = await opening.open(blob);
    t.equal(opened.known?.version, 'digest');
    // a byte within a raw block, which only a checksum finds
    opening.registry.lies.set(blob.digest, layer.blockOffsets[3]! + 50);
    t.notOk((await opened.read()).equals(IMAGE));
    await (opened.source as LazySource).flush();
    await t.rejects(opened.whole!.settled(), { code: 'bad-digest' });
    t.ok((await opened.read()).equals(IMAGE), 'come anew, and right');
  },
);

t.test('two images that index one blob in two ways do not share what it unpacks to', async (t) => {
  const opening = new Opening(t, scratch);
  const shape: LayerShape = { ...SHAPE, isCompressed: false, isStandalone: true };
  const layer = indexedLayer(IMAGE, shape);
  const honest = described(opening, layer, shape);
  // the first two chunks change places, each with its checksum
  const index = Buffer.from(layer.index);
  index.writeBigUInt64LE(BigInt(2 * CHUNK), 32);
  index.writeBigUInt64LE(0n, 80);
  const [first, second] = [index.subarray(48, 80), index.subarray(96, 128)].map((one) => Buffer.from(one));
  index.set(second!, 48);
  index.set(first!, 96);
  const forged = described(opening, { ...layer, index, indexDigest: digestOf(index) }, shape);
  const other = await opening.open(forged);
  t.ok((await other.read({ offset: 0, length: 10 })).equals(IMAGE.subarray(2 * CHUNK, 2 * CHUNK + 10)));
  await (other.source as LazySource).flush();
  t.ok((await (await opening.open(honest)).read()).equals(IMAGE));
});

t.test('a part of a file', async (t) => {
  const opening = new Opening(t, scratch);
  const layer = indexedLayer(IMAGE, SHAPE);
  const path = scratch.file('archive', Buffer.concat([Buffer.alloc(512), layer.blob, Buffer.alloc(99)]));
  const blob = described(opening, layer, SHAPE, { place: { kind: 'file', path, offset: 512 } });
  const opened = await opening.open(blob, { offline: true });
  t.ok((await opened.read()).equals(IMAGE));
  t.same(opening.registry.requests, []);
});
