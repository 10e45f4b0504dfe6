/** Views of several images that share a memory: their blocks are told apart, and what is missed of any of them is fetched. */
import t from 'tap';
import { BlockCache } from '../../src/cache/block-cache.js';
import { BlockCaches } from '../../src/cache/block-caches.js';
import { BlockMemory } from '../../src/cache/block-memory.js';
import { drive } from '../../src/cache/driver.js';
import { ExtentCache } from '../../src/cache/extent-cache.js';
import type { BlobRange, Source } from '../../src/cache/source.js';
import { isMiss, type MissedRange } from '../../src/erofs-reader/bytes.js';
import { RemoteSource } from '../support/memory-source.js';

const BLOCK = 256;
const filled = (value: number): Uint8Array => new Uint8Array(4 * BLOCK).fill(value);

/** Two of one device each. */
function twoViews(budget = 100 * BLOCK) {
  const memory = new BlockMemory(budget);
  const sources = [new RemoteSource(filled(1)), new RemoteSource(filled(2))] as const;
  const views = sources.map(
    (source, number) => new BlockCache([{ source, base: 0 }], memory, BLOCK, number * 3),
  ) as [BlockCache, BlockCache];
  return { sources, views, caches: new BlockCaches(views, memory) };
}

function rangesMissed(operation: () => unknown): readonly MissedRange[] {
  try {
    operation();
  } catch (thrown) {
    if (isMiss(thrown)) return thrown.ranges;
    throw thrown;
  }
  return [];
}

t.test('what several views miss is fetched together, of each what it misses', async (t) => {
  const { sources, views, caches } = twoViews();
  let runs = 0;
  const seen = await drive(() => {
    runs++;
    // another block of each
    const ranges = views.flatMap((view, number) =>
      rangesMissed(() => view.want([{ device: 0, offset: number * BLOCK, length: 10 }])),
    );
    if (ranges.length > 0) throw { miss: true, ranges };
    return views.map((view, number) => view.view(0, number * BLOCK, 1).getUint8(0));
  }, caches);
  t.same(seen, [1, 2]);
  t.equal(runs, 2);
  t.same(
    sources.map(({ fetches, bytesFetched }) => [fetches, bytesFetched]),
    [
      [1, BLOCK],
      [1, BLOCK],
    ],
  );
});

t.test('a view that misses nothing is not asked', async (t) => {
  const { sources, views, caches } = twoViews();
  await drive(() => views[1].view(0, 300, 1), caches);
  t.equal(sources[0].fetches, 0);
  t.equal(views[1].view(0, 300, 1).getUint8(0), 2);
});

t.test('the budget is one: what one view reads pushes out what another kept', async (t) => {
  const { views, caches } = twoViews(2 * BLOCK);
  await drive(() => views[0].view(0, 0, 1), caches);
  for (const offset of [0, BLOCK, 2 * BLOCK]) await drive(() => views[1].view(0, offset, 1), caches);
  t.equal(rangesMissed(() => views[0].view(0, 0, 1)).length, 1);
  t.equal(views[1].view(0, 2 * BLOCK, 1).getUint8(0), 2);
});

t.test('nothing stays pinned where one of two sources fails while the other is still fetching', async (t) => {
  const memory = new BlockMemory(1);
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const slow: Source = {
    ...{ id: 'slow', name: 'slow', size: 4 * BLOCK, close() {} },
    read: async (ranges: readonly BlobRange[]) => {
      await answered;
      return ranges.map(({ length }) => new Uint8Array(length));
    },
  };
  const broken = new RemoteSource(filled(1), 1);
  const cache = new BlockCache(
    [
      { source: broken, base: 0 },
      { source: slow, base: 0 },
    ],
    memory,
    BLOCK,
  );
  const running = Promise.resolve(
    drive(
      () =>
        cache.want([
          { device: 0, offset: 0, length: 1 },
          { device: 1, offset: 0, length: 1 },
        ]),
      cache,
    ),
  );
  setImmediate(() => answer());
  await t.rejects(running, { code: 'io' });
  await new Promise(setImmediate);
  t.equal(rangesMissed(() => cache.view(1, 0, 1)).length, 1, 'it was let go');
});

t.test('decoded extents of images that share a memory are told apart, their metaboxes too', async (t) => {
  const first = new ExtentCache(1000);
  const second = new ExtentCache(first, 3);
  const [one, two] = [Uint8Array.of(1), Uint8Array.of(2)];
  for (const device of [-1, 0, 1]) {
    first.put(device, 0, one);
    second.put(device, 0, two);
  }
  for (const device of [-1, 0, 1]) {
    t.equal(first.get(device, 0, 1), one, `device ${device}`);
    t.equal(second.get(device, 0, 1), two, `device ${device}`);
  }
});
