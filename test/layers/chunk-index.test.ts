/** A chunk index out of its bytes: what it says, and whatever can be wrong with it. */
import t, { type Test } from 'tap';
import { ChunkIndex, LARGEST_CHUNK } from '../../src/layers/chunk-index.js';
import type { IndexContext } from '../../src/layers/index-context.js';
import { parseIndex } from '../../src/layers/index-payload.js';
import { Random } from '../support/random.js';
import { digestOf, type IndexedLayer, indexedLayer, type LayerShape } from '../support/zstd-layer.js';

const IMAGE = new Random(1).bytes(10_000);
const SHAPE = { chunkSizes: [3000, 500], checksums: 'sha256' } as const;

/** The layer's index, changed by `change`, or what that returns, with its digest right all the same. */
function parsed(
  { index, indexOffset }: IndexedLayer,
  context: Partial<IndexContext> = {},
  change: (index: Buffer) => unknown = () => {},
) {
  const copy = Buffer.from(index);
  const returned = change(copy);
  const changed = returned instanceof Uint8Array ? returned : copy;
  const known = { name: 'layer', digest: digestOf(changed), dataEnd: indexOffset, isCompressed: true };
  return parseIndex(changed, { ...known, ...context });
}

function requireIndex(t: Test, found: ReturnType<typeof parsed>): ChunkIndex {
  if (found instanceof ChunkIndex) return found;
  t.fail(`ignored: ${found.ignoredBecause}`);
  throw new Error('no index');
}

for (const checksums of ['sha256', 'sha512', undefined] as const) {
  for (const isCompressed of [true, false]) {
    t.test(`version 1, ${checksums}, ${isCompressed ? 'packed' : 'plain'}`, async (t) => {
      const layer = indexedLayer(IMAGE, { ...SHAPE, checksums, isCompressed });
      const index = requireIndex(t, parsed(layer, { isCompressed }));
      t.equal(index.size, IMAGE.length);
      t.equal(index.count, layer.blockOffsets.length);
      t.equal(index.algorithm, checksums);
      t.equal(index.isCompressed, isCompressed);
      let end = 0;
      for (let chunk = 0; chunk < index.count; chunk++) {
        t.equal(index.blockOffset(chunk), layer.blockOffsets[chunk]);
        t.equal(index.unpackedOffset(chunk), end);
        end += index.unpackedLength(chunk);
        const last = layer.blockOffsets[chunk + 1] ?? layer.indexOffset;
        t.equal(index.blockLength(chunk), last - layer.blockOffsets[chunk]!);
        t.equal(index.checksum(chunk).length, { none: 0, sha256: 32, sha512: 64 }[checksums ?? 'none']);
        t.equal(index.chunkAt(index.unpackedOffset(chunk)), chunk);
        t.equal(index.chunkAt(end - 1), chunk);
      }
      t.equal(end, IMAGE.length);
    });
  }
}

for (const [layout, checksums] of [
  ['fixed-23', undefined],
  ['fixed-23', 'sha512'],
  ['fixed-24', undefined],
  ['fixed-24', 'sha256'],
  ['fixed-24', 'sha512'],
] as const) {
  t.test(`the draft before: ${layout}, ${checksums}`, async (t) => {
    const layer = indexedLayer(IMAGE, { chunkSizes: [3000], checksums, layout });
    const index = requireIndex(t, parsed(layer));
    t.equal(index.size, IMAGE.length);
    t.equal(index.count, 4);
    t.equal(index.algorithm, checksums);
    t.equal(index.unpackedLength(3), 1000);
    t.same(
      [0, 1, 2, 3].map((chunk) => index.blockOffset(chunk)),
      layer.blockOffsets,
    );
  });
}

t.test('an image without a byte', async (t) => {
  const layer = indexedLayer(new Uint8Array(0), SHAPE);
  const index = requireIndex(t, parsed(layer));
  t.equal(index.size, 0);
  t.equal(index.count, 0);
});

t.test('nothing is read before the digest is right', async (t) => {
  const { index, indexOffset, indexDigest } = indexedLayer(IMAGE, SHAPE);
  const context = { name: 'layer', digest: indexDigest, dataEnd: indexOffset, isCompressed: true };
  for (let at = 0; at < index.length; at++) {
    const damaged = Buffer.from(index);
    damaged[at]! ^= 0x10;
    t.throws(() => parseIndex(damaged, context), { code: 'bad-index', message: /digest/ }, `byte ${at}`);
  }
  const sha512 = { ...context, digest: digestOf(index, 'sha512') };
  t.ok(parseIndex(index, sha512) instanceof ChunkIndex);
});

t.test('what is not known is ignored', async (t) => {
  const layer = indexedLayer(IMAGE, SHAPE);
  const ignored = (change: (index: Buffer) => unknown) => parsed(layer, {}, change);
  t.match(
    ignored((index) => index.writeUInt8(2, 5)),
    { ignoredBecause: /compression 2/ },
  );
  t.match(
    ignored((index) => index.writeUInt16LE(0x8000, 6)),
    { ignoredBecause: /flags 0x8000/ },
  );
  const long = indexedLayer(IMAGE, { chunkSizes: [20_000] });
  const huge = parsed(long, { dataEnd: 2 ** 40 }, (index) =>
    index.writeBigUInt64LE(BigInt(LARGEST_CHUNK + 1), 8),
  );
  t.match(huge, { ignoredBecause: /held in memory/ }, 'chunks that are too large to be held');
});

const WRONG: readonly [string, (index: Buffer) => unknown, RegExp][] = [
  ['no bytes', () => new Uint8Array(0), /0 bytes/],
  ['half a header', (index) => index.subarray(0, 31), /31 bytes/],
  ['another magic number', (index) => index.writeUInt8(0xcc, 0), /magic number/],
  ['another version', (index) => index.writeUInt8(2, 4), /version 2/],
  ['it is not compressed', (index) => index.writeUInt8(0, 5), /media type/],
  ['a size above 2^53', (index) => index.writeUInt8(0x20, 14), /2\^53/],
  ['one chunk more', (index) => index.writeUInt32LE(7, 16), /7 chunks take/],
  ['4 billion chunks', (index) => index.writeUInt32LE(0xffffffff, 16), /4294967295 chunks/],
  ['no chunks', (index) => index.subarray(0, index.writeUInt32LE(0, 16) + 12), /0 chunks for 10000/],
  ['no size', (index) => index.fill(0, 8, 16), /chunks for 0 bytes/],
  ['checksums of kind 2', (index) => index.writeUInt8(2, 20), /kind 2/],
  ['checksums of 48 bytes', (index) => index.writeUInt8(48, 21), /48 bytes/],
  ['a reserved byte', (index) => index.writeUInt8(1, 31), /reserved/],
  ['the last entry cut off', (index) => index.subarray(0, index.length - 1), /chunks take/],
  ['a byte too many', (index) => Buffer.concat([index, Buffer.alloc(1)]), /chunks take/],
  ['it does not begin at 0', (index) => index.writeUInt8(1, 32 + 8), /unpacked byte 1/],
  ['a chunk that ends before it begins', (index) => index.writeUInt8(0x0e, 32 + 48 + 9), /chunk 1/],
  ['a frame that ends before it begins', (index) => index.writeUInt8(0xff, 32 + 1), /chunk 0/],
  ['a frame behind the data', (index) => index.writeUInt8(1, 32 + 4 * 48 + 4), /chunk/],
  ['the last chunk without a byte', (index) => index.writeBigUInt64LE(7000n, 8), /chunk/],
];

for (const [what, change, message] of WRONG) {
  t.test(`wrong: ${what}`, async (t) => {
    t.throws(() => parsed(indexedLayer(IMAGE, SHAPE), {}, change), { code: 'bad-index', message });
  });
}

t.test('wrong: a plain chunk behind the data', async (t) => {
  const layer = indexedLayer(IMAGE, { ...SHAPE, isCompressed: false });
  const plain = { isCompressed: false };
  t.ok(parsed(layer, plain, (index) => index.writeBigUInt64LE(7000n, 32)) instanceof ChunkIndex);
  t.throws(() => parsed(layer, { ...plain, dataEnd: 9999 }), { code: 'bad-index', message: /chunk 4/ });
  t.throws(() => parsed(layer, plain, (index) => index.writeBigUInt64LE(7001n, 32)), {
    ...{ code: 'bad-index', message: /chunk 0/ },
  });
});

t.test('wrong: chunks of one size', async (t) => {
  const shape: LayerShape = { chunkSizes: [3000], layout: 'fixed-24' };
  const layer = indexedLayer(IMAGE, shape);
  const wrong = (change: (index: Buffer) => unknown, message: RegExp, context = {}) =>
    t.throws(() => parsed(layer, context, change), { code: 'bad-index', message });
  wrong((index) => index.writeUInt32LE(2, 4), /version 2/);
  wrong((index) => index.writeUInt32LE(0, 16), /no bytes/);
  wrong((index) => index.writeUInt32LE(1, 16), /10000 chunks/);
  wrong((index) => index.writeUInt8(3, 20), /4 chunks/);
  wrong(() => {}, /compressed/, { isCompressed: false });
});

t.test('any byte changed: a chunk index, a word why not, or bad-index, and nothing else', async (t) => {
  for (const shape of [
    SHAPE,
    { chunkSizes: [3000], checksums: 'sha512', layout: 'fixed-23' },
  ] as LayerShape[]) {
    const layer = indexedLayer(IMAGE, shape);
    for (let at = 0; at < layer.index.length; at++) {
      for (const bit of [1, 0x80]) {
        try {
          const found = parsed(layer, {}, (index) => index.writeUInt8(index[at]! ^ bit, at));
          if (!(found instanceof ChunkIndex)) continue;
          for (let chunk = 0; chunk < found.count; chunk++) {
            if (found.blockOffset(chunk) + found.blockLength(chunk) > layer.indexOffset) t.fail(`byte ${at}`);
          }
        } catch (error) {
          if ((error as { code?: string }).code !== 'bad-index') throw error;
        }
      }
    }
  }
  t.pass('all of them');
});
