/** Verified bytes of a blob behind a network: kept wrongly they are fetched again, and their proof comes with them. */
import t, { type Test } from 'tap';
import { BlockCache } from '../../src/cache/block-cache.js';
import { drive } from '../../src/cache/driver.js';
import { LazySource } from '../../src/cache/lazy-source.js';
import { GatedBlob } from '../support/gated-blob.js';
import { MemoryChunkStore } from '../support/memory-chunk-store.js';
import { build } from '../verity/vectors.js';
import { BLOCK, dmMade, type Made, sourceOf } from './verified.js';

const CHUNK = 2 * BLOCK;
/** Three levels of hash blocks of 16 digests each. */
const BLOCKS = 600;

/** Data, and behind it its tree, in one blob. */
function lazy(t: Test, made: Made = dmMade(BLOCKS)) {
  const whole = new Uint8Array(made.data.length + made.nodes.length);
  whole.set(made.data);
  whole.set(made.nodes, made.data.length);
  const blob = new GatedBlob(whole);
  const store = new MemoryChunkStore(whole.length, CHUNK);
  // hardly any memory, so that it is the store that is asked
  const options = { connection: { blob }, readahead: 0, mergeGap: 0, memory: 1 };
  const below = new LazySource(blob, store, options);
  const source = sourceOf(made, below, below, made.data.length);
  t.teardown(() => source.close());
  return { ...made, blob, store, below, source };
}

t.test('data and hash blocks are asked for at once, and are here only together', async (t) => {
  const { blob, source, data } = lazy(t);
  const read = source.read([{ offset: 0, length: 3 * BLOCK }]);
  await new Promise((resolve) => setImmediate(resolve));
  t.ok(
    blob.asked.some(({ offset }) => offset === 0),
    'data',
  );
  t.ok(
    blob.asked.some(({ offset }) => offset >= data.length),
    'hash blocks',
  );
  blob.release();
  t.strictSame(await read, [data.slice(0, 3 * BLOCK)]);
  t.ok(source.isHere!(0, 3 * BLOCK));
  const dst = new Uint8Array(3 * BLOCK);
  t.ok(source.readSync!(dst, 0));
  t.strictSame(dst, data.slice(0, 3 * BLOCK));
  t.notOk(source.isHere!(500 * BLOCK, BLOCK), 'hash blocks without the data');
  t.notOk(source.readSync!(dst, 500 * BLOCK));
});

t.test('data without its hash blocks is not here', async (t) => {
  const { blob, source, below, data } = lazy(t);
  blob.release();
  await below.read([{ offset: 0, length: 3 * BLOCK }]);
  const { length } = blob.asked;
  t.notOk(source.isHere!(0, BLOCK));
  t.notOk(source.readSync!(new Uint8Array(BLOCK), 0));
  t.strictSame(await source.read([{ offset: 0, length: BLOCK }]), [data.slice(0, BLOCK)]);
  t.ok(source.isHere!(0, BLOCK));
  t.ok(blob.asked.slice(length).every(({ offset }) => offset >= data.length));
});

t.test('from a store alone, as a thread does that cannot wait', async (t) => {
  const { blob, source, store, data } = lazy(t);
  blob.release();
  await source.read([{ offset: 40 * BLOCK, length: 20 * BLOCK }]);
  const kept = new LazySource(blob, store, {});
  const made = dmMade(BLOCKS);
  const alone = sourceOf(made, kept, kept, data.length);
  t.ok(alone.isHere!(40 * BLOCK, 20 * BLOCK));
  t.notOk(alone.isHere!(0, BLOCK), 'the leaf is here, the data is not');
  const dst = new Uint8Array(20 * BLOCK);
  t.ok(alone.readSync!(dst, 40 * BLOCK));
  t.strictSame(dst, data.slice(40 * BLOCK, 60 * BLOCK));
  await t.rejects(alone.read([{ offset: 0, length: 1 }]), { code: 'offline' });
});

t.test('what is kept wrongly is fetched again', async (t) => {
  const { blob, source, store, data } = lazy(t);
  blob.release();
  await source.read([{ offset: 0, length: 8 * BLOCK }]);
  const asked = blob.asked.length;
  store.chunks.get(1)![3]! ^= 1;
  const dst = new Uint8Array(8 * BLOCK);
  t.notOk(source.readSync!(dst, 0), 'not given');
  t.strictSame(await source.read([{ offset: 0, length: 8 * BLOCK }]), [data.slice(0, 8 * BLOCK)]);
  t.match(blob.asked.slice(asked), [{ offset: CHUNK, length: CHUNK }]);
  t.ok(source.readSync!(dst, 0));
  t.strictSame(dst, data.slice(0, 8 * BLOCK));
});

t.test('so is a hash block', async (t) => {
  const { blob, source, store, data } = lazy(t);
  blob.release();
  await source.read([{ offset: 0, length: BLOCK }]);
  const made = dmMade(BLOCKS);
  for (const [chunk, bytes] of store.chunks) if (chunk * CHUNK >= data.length) bytes[7]! ^= 1;
  const below = new LazySource(blob, store, { connection: { blob }, readahead: 0, mergeGap: 0, memory: 1 });
  const again = sourceOf(made, below, below, data.length);
  t.notOk(again.readSync!(new Uint8Array(BLOCK), 0));
  t.strictSame(await again.read([{ offset: 0, length: BLOCK }]), [data.slice(0, BLOCK)]);
  t.ok(again.readSync!(new Uint8Array(BLOCK), 0));
});

t.test('an operation of the reader heals what it meets, in a few rounds', async (t) => {
  const { blob, source, store, data } = lazy(t);
  blob.release();
  await source.read([{ offset: 0, length: 100 * BLOCK }]);
  for (const chunk of [0, 7, 20, 33]) store.chunks.get(chunk)![9]! ^= 1;
  const cache = new BlockCache([{ source, base: 0 }], 8 * BLOCK, BLOCK);
  const dst = new Uint8Array(100 * BLOCK);
  let runs = 0;
  await drive(() => {
    runs++;
    cache.want([{ device: 0, offset: 0, length: dst.length }]);
    cache.copy(dst, 0, 0);
  }, cache);
  t.strictSame(dst, data.slice(0, dst.length));
  t.ok(runs <= 2, `${runs} runs`);
});

t.test('what comes wrongly, again and again, is an error', async (t) => {
  const made = dmMade(BLOCKS);
  const wrong = made.data.slice();
  wrong[5]! ^= 1;
  const { blob, source } = lazy(t, { ...made, data: wrong });
  blob.release();
  await t.rejects(source.read([{ offset: 0, length: BLOCK }]), { code: 'integrity', block: 0 });
  t.equal(blob.asked.filter(({ offset }) => offset === 0).length, 2, 'it was asked for twice');
  t.strictSame(await source.read([{ offset: BLOCK, length: BLOCK }]), [made.data.slice(BLOCK, 2 * BLOCK)]);
});

t.test('blocks that are known to be zeros need not be here', async (t) => {
  const made = dmMade(BLOCKS);
  made.data.fill(0, 4 * BLOCK, 12 * BLOCK);
  const { root, bytes } = build(made.tree, made.data);
  const { blob, source, data } = lazy(t, { ...made, root, nodes: bytes });
  blob.release();
  await source.read([{ offset: 0, length: BLOCK }]);
  const { length } = blob.asked;
  t.ok(source.isHere!(4 * BLOCK, 8 * BLOCK));
  const dst = new Uint8Array(8 * BLOCK).fill(1);
  t.ok(source.readSync!(dst, 4 * BLOCK));
  t.strictSame(dst, data.slice(4 * BLOCK, 12 * BLOCK));
  t.equal(blob.asked.length, length);
});

t.test('who gives up does not wait for hash blocks', async (t) => {
  const { source } = lazy(t);
  const controller = new AbortController();
  const read = source.read([{ offset: 0, length: BLOCK }], controller.signal);
  controller.abort(new Error('enough'));
  await t.rejects(read, { message: 'enough' });
});
