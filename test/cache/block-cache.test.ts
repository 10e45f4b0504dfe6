import t from 'tap';
import { BlockCache } from '../../src/cache/block-cache.js';
import { drive, Pins } from '../../src/cache/driver.js';
import { ExtentCache } from '../../src/cache/extent-cache.js';
import { type ByteRange, isMiss, type Miss } from '../../src/erofs-reader/bytes.js';
import { MemorySource, RemoteSource } from '../support/memory-source.js';
import { Random } from '../support/random.js';

const bytes = new Random(3).bytes(10_000);
const BLOCK = 512;

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

const placeOf = ({ device, offset, length }: ByteRange): ByteRange => ({ device, offset, length });

function missOf(operation: () => unknown): Miss | undefined {
  try {
    operation();
  } catch (thrown) {
    if (isMiss(thrown)) return thrown;
    throw thrown;
  }
  return undefined;
}

t.test('views and copies are the bytes, wherever blocks end', async (t) => {
  const random = new Random(8);
  const cache = new BlockCache([{ source: new MemorySource(bytes), base: 100 }], 4 * BLOCK, BLOCK);
  t.strictSame(cache.sizes, [9900]);
  for (let i = 0; i < 300; i++) {
    const offset = random.below(9900);
    const length = 1 + random.below(Math.min(2000, 9900 - offset));
    const expected = bytes.slice(100 + offset, 100 + offset + length);
    const copied = new Uint8Array(length);
    cache.copy(copied, 0, offset);
    if (Buffer.compare(copied, expected) !== 0) t.fail(`copy of ${length} at ${offset}`);
    if (Buffer.compare(bytesOf(cache.view(0, offset, length)), expected) !== 0) {
      t.fail(`view of ${length} at ${offset}`);
    }
  }
});

t.test('the end of a device is an error', async (t) => {
  const cache = new BlockCache([{ source: new MemorySource(bytes), base: 0 }], 4 * BLOCK, BLOCK);
  t.throws(() => cache.view(0, 9999, 2), { code: 'truncated', offset: 9999, device: 0 });
  t.throws(() => cache.copy(new Uint8Array(1), 0, 10_000), { code: 'truncated' });
  t.throws(() => cache.want([{ device: 1, offset: 0, length: 1 }]), { code: 'truncated', device: 1 });
});

t.test('one Miss lists all that is wanted, and is filled without a byte twice', async (t) => {
  const source = new RemoteSource(bytes);
  const cache = new BlockCache([{ source, base: 0 }], 100 * BLOCK, BLOCK);
  const ranges = [
    { device: 0, offset: 0, length: 10 },
    { device: 0, offset: 300, length: 300 },
    { device: 0, offset: 9990, length: 10 },
  ];
  const missed = missOf(() => cache.want(ranges));
  t.ok(missed?.ranges.every(({ view }) => view === cache));
  t.strictSame(missed?.ranges.map(placeOf), ranges);
  await cache.fill(missed!, new Pins());
  t.equal(source.fetches, 1);
  t.equal(source.bytesFetched, 2 * BLOCK + (10_000 % BLOCK), 'blocks 0, 1 and the short last one');
  cache.want(ranges);
  t.strictSame(bytesOf(cache.view(0, 300, 300)), bytes.slice(300, 600));
});

t.test('an operation larger than the budget ends all the same', async (t) => {
  const source = new RemoteSource(bytes);
  const cache = new BlockCache([{ source, base: 0 }], 2 * BLOCK, BLOCK);
  const copied = new Uint8Array(bytes.length);
  await drive(() => {
    // one block after the other: each retry finds those before it only because they are pinned
    for (let at = 0; at < 5000; at += BLOCK) cache.copy(copied.subarray(at, at + BLOCK), 0, at);
  }, cache);
  t.strictSame(copied.slice(0, 5000), bytes.slice(0, 5000));
  t.equal(source.bytesFetched, 10 * BLOCK, 'none twice');
});

t.test('decoded extents are kept by place, within the budget, and never too short', async (t) => {
  const cache = new ExtentCache(1000);
  cache.put(0, 4096, new Uint8Array(400).fill(1));
  cache.put(1, 4096, new Uint8Array(400).fill(2));
  cache.put(-1, 4096, new Uint8Array(100).fill(3));
  t.equal(cache.get(0, 4096, 400)?.[0], 1);
  t.equal(cache.get(1, 4096, 10)?.[0], 2);
  t.equal(cache.get(-1, 4096, 100)?.[0], 3);
  t.equal(cache.get(0, 4096, 401), undefined, 'a longer piece is wanted');
  cache.put(0, 8192, new Uint8Array(400));
  t.equal(cache.get(1, 4096, 10), undefined, 'the one used least recently had to go');
  cache.put(0, 0, new Uint8Array(2000));
  t.equal(cache.get(0, 0, 1), undefined, 'larger than the budget');
});

/** A source that has some of its bytes here, and gives the rest when asked to wait. */
function partly(here: (offset: number, length: number) => boolean) {
  const source = new RemoteSource(bytes);
  return Object.assign(source, {
    isHere: here,
    readSync(dst: Uint8Array, offset: number): boolean {
      if (!here(offset, dst.length)) return false;
      dst.set(bytes.subarray(offset, offset + dst.length));
      return true;
    },
  });
}

t.test('what a source has here is not missed, the rest is, all at once', async (t) => {
  const source = partly((offset, length) => offset + length <= 2048 || offset >= 4096);
  const cache = new BlockCache([{ source, base: 0 }], 4 * BLOCK, BLOCK);
  const ranges = [
    { device: 0, offset: 0, length: 1000 },
    { device: 0, offset: 2000, length: 1000 },
    { device: 0, offset: 4096, length: 500 },
    { device: 0, offset: 3500, length: 900 },
  ];
  t.strictSame(missOf(() => cache.want(ranges))?.ranges.map(placeOf), [ranges[1], ranges[3]]);
  t.ok(missOf(() => cache.view(0, 2050, 10)));
  const copied = new Uint8Array(6000);
  await drive(() => {
    cache.want(ranges);
    for (const { offset, length } of ranges) cache.copy(copied.subarray(offset, offset + length), 0, offset);
  }, cache);
  for (const { offset, length } of ranges) {
    t.strictSame(copied.slice(offset, offset + length), bytes.slice(offset, offset + length));
  }
  t.equal(source.fetches, 1);
  t.ok(
    missOf(() => cache.want(ranges)),
    'and held no longer than the operation',
  );
});

t.test('a source that loses what it said is here', async (t) => {
  const source = partly(() => true);
  source.readSync = () => false;
  const cache = new BlockCache([{ source, base: 0 }], 4 * BLOCK, BLOCK);
  const copied = new Uint8Array(5000);
  let runs = 0;
  await drive(() => {
    runs++;
    cache.want([{ device: 0, offset: 100, length: 5000 }]);
    cache.copy(copied, 0, 100);
  }, cache);
  t.strictSame(copied, bytes.slice(100, 5100));
  t.equal(runs, 2, 'all of it is missed at once');
});

t.test('an operation that ends takes nothing from one that goes on', async (t) => {
  const source = partly(() => false);
  const cache = new BlockCache([{ source, base: 0 }], BLOCK, BLOCK);
  const miss: Miss = { miss: true, ranges: [{ view: cache, device: 0, offset: 0, length: BLOCK }] };
  const [one, other] = [new Pins(), new Pins()];
  await cache.fill(miss, one);
  await cache.fill(miss, other);
  const both: Miss = { miss: true, ranges: [{ view: cache, device: 0, offset: BLOCK, length: BLOCK }] };
  await Promise.all([cache.fill(both, one), cache.fill(both, other)]);
  cache.unpin(one);
  t.strictSame(bytesOf(cache.view(0, 10, 20)), bytes.slice(10, 30));
  t.strictSame(bytesOf(cache.view(0, BLOCK, 20)), bytes.slice(BLOCK, BLOCK + 20));
  cache.unpin(other);
  t.ok(missOf(() => cache.view(0, 10, 20)));
  t.ok(missOf(() => cache.view(0, BLOCK, 20)));
});
