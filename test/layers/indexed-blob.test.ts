/** Unpacked bytes of a blob in chunks: right ones, in order, with few requests; and what is done about wrong ones. */
import t from 'tap';
import type { BlobRange } from '../../src/cache/source.js';
import { ChunkIndex } from '../../src/layers/chunk-index.js';
import { parseIndex } from '../../src/layers/index-payload.js';
import { IndexedBlob } from '../../src/layers/indexed-blob.js';
import type { RemoteBlob } from '../../src/remote/remote-blob.js';
import { GatedBlob } from '../support/gated-blob.js';
import { Random } from '../support/random.js';
import { REAL_FRAME, REAL_TEXT } from '../support/real-zstd.js';
import {
  digestOf,
  type IndexedLayer,
  indexedLayer,
  type LayerShape,
  skippableFrame,
  zstdBomb,
  zstdFrame,
} from '../support/zstd-layer.js';

const IMAGE = new Random(2).bytes(20_000);
const SHAPE: LayerShape = { chunkSizes: [3000, 500, 1], checksums: 'sha256' };
const KNOWN = { id: 'unpacked', name: 'layer', version: '' };

function indexOf(layer: IndexedLayer, isCompressed = true, dataEnd = layer.indexOffset): ChunkIndex {
  const index = parseIndex(layer.index, {
    ...{ name: 'layer', digest: layer.indexDigest, dataEnd, isCompressed },
  });
  if (index instanceof ChunkIndex) return index;
  throw new Error(index.ignoredBecause);
}

function open(layer: IndexedLayer, inner: RemoteBlob, shape = SHAPE): Promise<IndexedBlob> {
  return IndexedBlob.open(inner, indexOf(layer, shape.isCompressed ?? true), KNOWN);
}

function opened(bytes: Uint8Array): GatedBlob {
  // a Buffer would be lent, not copied
  const blob = new GatedBlob(new Uint8Array(bytes));
  blob.open = true;
  return blob;
}

/** What arrives, put together; pieces must come in order. */
async function fetched(blob: IndexedBlob, { offset, length }: BlobRange): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let first = -1;
  let next = -1;
  await blob.fetch({ offset, length }, (at, bytes) => {
    if (first < 0) first = at;
    else if (at !== next) throw new Error(`byte ${at} came where ${next} was expected`);
    next = at + bytes.length;
    parts.push(bytes.slice());
  });
  return Buffer.concat(parts).subarray(offset - first, offset - first + length);
}

const whole = { offset: 0, length: IMAGE.length };

for (const shape of [
  SHAPE,
  { ...SHAPE, checksums: 'sha512' },
  { ...SHAPE, checksums: undefined },
  { ...SHAPE, isCompressed: false },
  { ...SHAPE, isCompressed: false, checksums: undefined },
  { ...SHAPE, padding: 100 },
  { chunkSizes: [4096], layout: 'fixed-23', checksums: 'sha512' },
] as LayerShape[]) {
  t.test(`any range: ${JSON.stringify(shape)}`, async (t) => {
    const layer = indexedLayer(IMAGE, shape);
    const blob = await open(layer, opened(layer.blob), shape);
    t.equal(blob.size, IMAGE.length);
    t.ok(Buffer.from(IMAGE).equals(await fetched(blob, whole)), 'all of it');
    const random = new Random(3);
    for (let round = 0; round < 50; round++) {
      const offset = random.below(IMAGE.length);
      const length = 1 + random.below(IMAGE.length - offset);
      const expected = Buffer.from(IMAGE.subarray(offset, offset + length));
      if (!expected.equals(await fetched(blob, { offset, length }))) t.fail(`${length} from ${offset} on`);
    }
    t.same(await fetched(blob, { offset: IMAGE.length, length: 0 }), Buffer.alloc(0));
    await t.rejects(fetched(blob, { offset: IMAGE.length, length: 1 }), RangeError);
  });
}

t.test('frames of a compressor', async (t) => {
  const layer = indexedLayer(REAL_TEXT, { ...SHAPE, chunkSizes: [5000], pack: () => REAL_FRAME });
  const blob = await open(layer, opened(layer.blob));
  t.same(await fetched(blob, { offset: 0, length: REAL_TEXT.length }), REAL_TEXT);
});

t.test('neighbours are asked for at once', async (t) => {
  const layer = indexedLayer(IMAGE, SHAPE);
  const inner = opened(layer.blob);
  const blob = await open(layer, inner);
  await fetched(blob, whole);
  t.equal(inner.asked.length, 1);
  t.match(inner.asked[0], { offset: 0, length: layer.indexOffset });
  await fetched(blob, { offset: 3100, length: 1 });
  t.match(inner.asked[1], { offset: layer.blockOffsets[1], length: 513 + 3 }, 'one chunk, and no more');
});

t.test('chunks that are no neighbours', async (t) => {
  const layer = indexedLayer(IMAGE, { chunkSizes: [5000], checksums: 'sha256', isCompressed: false });
  // the second and the third have changed places
  const moved = Buffer.concat([
    IMAGE.subarray(0, 5000),
    IMAGE.subarray(10_000, 15_000),
    IMAGE.subarray(5000, 10_000),
    IMAGE.subarray(15_000),
  ]);
  const index = Buffer.from(layer.index);
  index.writeBigUInt64LE(10_000n, 32 + 48);
  index.writeBigUInt64LE(5000n, 32 + 2 * 48);
  const changed = { ...layer, index, indexDigest: digestOf(index) };
  const inner = opened(moved);
  const blob = await open(changed, inner, { ...SHAPE, isCompressed: false });
  t.ok(Buffer.from(IMAGE).equals(await fetched(blob, whole)));
  t.same(
    inner.asked.map(({ offset, length }) => [offset, length]),
    [
      [0, 5000],
      [10_000, 5000],
      [5000, 5000],
      [15_000, 5000],
    ],
  );
});

t.test('a long range is asked for in parts', async (t) => {
  const image = new Uint8Array(20 << 20).fill(7);
  const shape: LayerShape = { chunkSizes: [1 << 20], isCompressed: false };
  const layer = indexedLayer(image, shape);
  const inner = opened(layer.blob);
  const blob = await open(layer, inner, shape);
  await fetched(blob, { offset: 0, length: image.length });
  t.same(
    inner.asked.map(({ length }) => length >> 20),
    [8, 8, 4],
  );
});

t.test('what is asked for goes on as it was asked: signal and background', async (t) => {
  const layer = indexedLayer(IMAGE, SHAPE);
  const inner = new GatedBlob(layer.blob);
  const blob = await open(layer, inner);
  const controller = new AbortController();
  const memory = { room: (_: number, shared: Uint8Array) => shared, left: () => {} };
  const options = { signal: controller.signal, background: true, landing: () => memory };
  const fetching = blob.fetch(whole, () => {}, options);
  await inner.reaches(1);
  const asked = inner.asked[0]?.options;
  t.equal(asked?.signal, controller.signal);
  t.equal(asked?.background, true);
  options.background = false;
  t.equal(asked?.background, false, 'looked at whenever a request is chosen');
  t.equal(asked?.landing, undefined, 'packed bytes have other places');
  controller.abort(new Error('nobody waits'));
  await t.rejects(fetching, { message: 'nobody waits' });
  t.equal(inner.asked.length, 1);
});

/** The first answers to a byte have another one there. */
class DamagedBlob extends GatedBlob {
  times: number;
  readonly #at: number;

  constructor(bytes: Uint8Array, at: number, times: number) {
    super(new Uint8Array(bytes));
    this.open = true;
    this.#at = at;
    this.times = times;
  }

  override fetch(range: BlobRange, ...rest: [Parameters<RemoteBlob['fetch']>[1], object?]): Promise<void> {
    const [arrived, options] = rest;
    const isIn = range.offset <= this.#at && this.#at < range.offset + range.length;
    if (!isIn || this.times === 0) return super.fetch(range, arrived, options);
    this.times--;
    return super.fetch(
      range,
      (at, bytes) => {
        const copy = Uint8Array.from(bytes);
        if (at <= this.#at && this.#at < at + bytes.length) copy[this.#at - at]! ^= 0x20;
        arrived(at, copy);
      },
      options,
    );
  }
}

t.test('each byte of the chunks, wrong once: it is blamed, and asked for again', async (t) => {
  // frames of 100 bytes, so that some pieces of an answer end with one
  const image = IMAGE.subarray(0, 4 * 84);
  const layer = indexedLayer(image, { ...SHAPE, chunkSizes: [84] });
  const index = indexOf(layer);
  t.equal(index.blockLength(0), 100);
  for (let at = 0; at < layer.indexOffset; at++) {
    const inner = new DamagedBlob(layer.blob, at, 1);
    const blob = await open(layer, inner);
    const found = await fetched(blob, { offset: 0, length: image.length });
    if (!Buffer.from(image).equals(found)) t.fail(`byte ${at}`);
    const chunk = Math.floor(at / (layer.indexOffset / index.count));
    const place = { offset: index.blockOffset(chunk), length: index.blockLength(chunk) };
    t.same(inner.blamed, [place], `byte ${at}`);
    t.equal(inner.times, 0);
  }
});

t.test(
  'each byte of the chunks, wrong for good: the fetch fails, and what came before is right',
  async (t) => {
    const image = IMAGE.subarray(0, 300);
    const layer = indexedLayer(image, { ...SHAPE, chunkSizes: [50] });
    for (let at = 0; at < layer.indexOffset; at++) {
      const inner = new DamagedBlob(layer.blob, at, Number.POSITIVE_INFINITY);
      const blob = await open(layer, inner);
      let good = 0;
      const fetching = blob.fetch({ offset: 0, length: image.length }, (from, bytes) => {
        if (!Buffer.from(image.subarray(from, from + bytes.length)).equals(bytes)) t.fail(`byte ${at}`);
        good = from + bytes.length;
      });
      await t.rejects(fetching, { code: 'bad-chunk', message: /another checksum/ });
      t.equal(good, Math.floor(at / (layer.indexOffset / 6)) * 50);
      t.equal(inner.asked.length, 2);
    }
  },
);

t.test('without checksums, a frame that cannot be decoded, or has another length, is as wrong', async (t) => {
  const layer = indexedLayer(IMAGE, { ...SHAPE, checksums: undefined });
  const once = new DamagedBlob(layer.blob, 1, 1);
  t.ok(Buffer.from(IMAGE).equals(await fetched(await open(layer, once), whole)));
  t.same(once.blamed.length, 1);
  const forGood = new DamagedBlob(layer.blob, 1, Number.POSITIVE_INFINITY);
  await t.rejects(fetched(await open(layer, forGood), whole), {
    code: 'bad-chunk',
    message: /no ZSTD frame of 3000 bytes/,
  });
});

t.test('a frame that gives more than it should, or less', async (t) => {
  for (const [what, frame] of Object.entries({
    'a bomb that says so': zstdBomb(8000, 8000 * (128 << 10)),
    'a bomb that lies': zstdBomb(8000, 5000),
    'a bomb that says nothing': zstdBomb(8000),
    'one byte more': zstdFrame(new Uint8Array(5001)),
    'one byte less': zstdFrame(new Uint8Array(4999)),
    'two frames': Buffer.concat([zstdFrame(new Uint8Array(2500)), zstdFrame(new Uint8Array(2500))]),
    'another frame behind it': Buffer.concat([zstdFrame(new Uint8Array(5000)), zstdFrame(new Uint8Array(0))]),
    'half of it': zstdFrame(new Uint8Array(5000)).subarray(0, 2500),
    'no frame': Buffer.from('no frame at all'),
    'a skippable frame alone': skippableFrame(new Uint8Array(5000)),
  })) {
    for (const checksums of ['sha256', undefined] as const) {
      const layer = indexedLayer(new Uint8Array(5000), { chunkSizes: [5000], checksums, pack: () => frame });
      const blob = await open(layer, opened(layer.blob));
      const before = process.memoryUsage().rss;
      await t.rejects(fetched(blob, { offset: 0, length: 5000 }), { code: 'bad-chunk' }, what);
      // a gigabyte, if it had been decoded
      t.ok(process.memoryUsage().rss - before < 200 << 20, `${what}: the memory`);
    }
  }
});

t.test('padding behind the last frame, whether or not it counts', async (t) => {
  const plain = indexedLayer(IMAGE, { chunkSizes: [20_000], checksums: 'sha256' });
  const pad = skippableFrame(new Uint8Array(50));
  const end = plain.indexOffset;
  const blob = Buffer.concat([plain.blob.subarray(0, end), pad]);
  const isolated = { ...plain, blob };
  const counted = indexedLayer(IMAGE, {
    ...{ chunkSizes: [20_000], checksums: 'sha256' },
    pack: (chunk) => Buffer.concat([zstdFrame(chunk), pad]),
  });
  for (const layer of [isolated, counted]) {
    const index = indexOf(layer, true, end + pad.length);
    const found = await fetched(await IndexedBlob.open(opened(layer.blob), index, KNOWN), whole);
    t.ok(Buffer.from(IMAGE).equals(found));
  }
});

t.test('blame is passed on to the packed bytes', async (t) => {
  const layer = indexedLayer(IMAGE, SHAPE);
  const inner = opened(layer.blob);
  const blob = await open(layer, inner);
  blob.blame({ offset: 3000, length: 501 });
  const from = layer.blockOffsets[1]!;
  t.same(inner.blamed, [{ offset: from, length: layer.blockOffsets[3]! - from }]);
  await blob.close();
  t.ok(inner.closed);
});
