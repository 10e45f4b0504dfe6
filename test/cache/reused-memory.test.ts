import t from 'tap';
import { ExtentCache } from '../../src/cache/extent-cache.js';
import { ReusedMemory } from '../../src/cache/reused-memory.js';

t.test('memory is used again when no operation runs any more, and not before', async (t) => {
  const memory = new ReusedMemory(1 << 20);
  const first = memory.take(5000);
  t.equal(first.length, 5000);
  memory.letGo(first);
  t.not(memory.take(5000).buffer, first.buffer, 'who borrowed it may still read it');
  memory.rest();
  const again = memory.take(4900);
  t.equal(again.buffer, first.buffer);
  t.equal(again.length, 4900);
  t.not(memory.take(4900).buffer, first.buffer, 'once');
});

t.test('what waits to be used again is bounded', async (t) => {
  const memory = new ReusedMemory(3 * 4096);
  const let_go = Array.from({ length: 10 }, () => memory.take(4096));
  for (const bytes of let_go) memory.letGo(bytes);
  memory.rest();
  const buffers = new Set(let_go.map(({ buffer }) => buffer));
  const found = Array.from({ length: 10 }, () => memory.take(4096)).filter(({ buffer }) =>
    buffers.has(buffer),
  );
  t.equal(found.length, 3);
});

t.test('a cache of clusters of any size makes no new memory once it is full', async (t) => {
  const cache = new ExtentCache(1 << 20);
  const buffers = new Set<ArrayBufferLike>();
  for (let round = 0; round < 2000; round++) {
    const bytes = cache.room(30_000 + (round % 100)).fill(round);
    buffers.add(bytes.buffer);
    cache.put(0, round * 4096, bytes);
    t.equal(cache.get(0, round * 4096, 30_000)?.[0], round & 255);
    cache.rest();
  }
  t.ok(buffers.size < 50, `${buffers.size} arrays for 2000 clusters`);
});
