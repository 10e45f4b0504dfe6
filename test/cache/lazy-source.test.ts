import t, { type Test } from 'tap';
import type { LazyOptions } from '../../src/cache/lazy-options.js';
import { LazySource } from '../../src/cache/lazy-source.js';
import { RemoteError } from '../../src/remote/remote-blob.js';
import { GatedBlob } from '../support/gated-blob.js';
import { MemoryChunkStore } from '../support/memory-chunk-store.js';
import { Random } from '../support/random.js';

const CHUNK = 1024;
const bytes = new Random(4).bytes(40 * CHUNK + 100);

function made(t: Test, options: LazyOptions = {}, blob = new GatedBlob(bytes)) {
  const store = new MemoryChunkStore(bytes.length, CHUNK);
  const source = new LazySource(blob, store, {
    connection: { blob },
    readahead: 0,
    mergeGap: 0,
    ...options,
  });
  t.teardown(() => source.close());
  return { blob, store, source };
}

const chunk = (first: number, count = 1) => ({ offset: first * CHUNK, length: count * CHUNK });
const expected = ({ offset, length }: { offset: number; length: number }) =>
  bytes.slice(offset, offset + length);
const settled = () => new Promise((resolve) => setImmediate(resolve));

t.test('random reads are right, and no byte crosses the network twice', async (t) => {
  const { blob, store, source } = made(t);
  blob.open = true;
  const random = new Random(7);
  for (let i = 0; i < 200; i++) {
    const ranges = Array.from({ length: 1 + random.below(3) }, () => {
      const offset = random.below(bytes.length);
      return { offset, length: 1 + random.below(Math.min(5000, bytes.length - offset)) };
    });
    t.strictSame(await source.read(ranges), ranges.map(expected));
    t.ok(source.isHere(ranges[0]!.offset, ranges[0]!.length));
    const dst = new Uint8Array(ranges[0]!.length);
    t.ok(source.readSync(dst, ranges[0]!.offset));
    t.strictSame(dst, expected(ranges[0]!));
  }
  t.equal(
    blob.asked.reduce((sum, { length }) => sum + length, 0),
    source.counters.bytesFetched,
  );
  t.equal(source.counters.chunksFetched, store.puts);
  t.equal(store.puts, store.chunks.size, 'no chunk twice');
  t.ok(source.counters.hits > 200);
  t.equal(store.pinned.size, 0);
});

t.test('one flight a chunk, however many wait', async (t) => {
  const { blob, source } = made(t);
  const reads = [chunk(0, 3), chunk(1), chunk(2, 3)].map((range) => source.read([range]));
  await blob.reaches(2);
  t.match(blob.asked, [chunk(0, 3), chunk(3, 2)]);
  t.notOk(source.isHere(0, 1));
  blob.release();
  t.strictSame((await Promise.all(reads)).flat(), [chunk(0, 3), chunk(1), chunk(2, 3)].map(expected));
  t.equal(blob.asked.length, 2);
});

t.test('ranges are merged, across what nobody wants, up to a length', async (t) => {
  const { blob, source } = made(t, { mergeGap: 2 * CHUNK, longestFetch: 8 * CHUNK });
  blob.open = true;
  await source.read([chunk(5)]);
  await source.read([chunk(0), chunk(2), chunk(7), chunk(9), chunk(13, 20)]);
  t.match(
    blob.asked.map(({ offset, length }) => [offset / CHUNK, length / CHUNK]),
    [
      [5, 1],
      [0, 3],
      [7, 3],
      [13, 8],
      [21, 8],
      [29, 4],
    ],
  );
});

t.test('who gives up ends no flight that another waits for', async (t) => {
  const { blob, source, store } = made(t);
  const [one, other] = [new AbortController(), new AbortController()];
  const reads = [one, other].map(({ signal }) => source.read([chunk(0, 4)], signal));
  await blob.reaches(1);
  one.abort(new Error('enough'));
  await t.rejects(reads[0]!, { message: 'enough' });
  t.equal(blob.asked[0]!.options.signal?.aborted, false);
  blob.asked[0]!.give(0, CHUNK);
  other.abort(new Error('me too'));
  await t.rejects(reads[1]!, { message: 'me too' });
  t.equal(blob.asked[0]!.options.signal?.aborted, true, 'nobody is left');
  t.same([...store.chunks.keys()], [0], 'what had arrived is kept');
  t.equal(store.pinned.size, 0);

  blob.open = true;
  t.strictSame(
    await source.read([chunk(0, 4)]),
    [expected(chunk(0, 4))],
    'and a new flight is not the old one',
  );
  t.match(blob.asked[1], chunk(1, 3));
});

t.test('a failure reaches all who wait, and nobody after them', async (t) => {
  const { blob, source } = made(t);
  const reads = [source.read([chunk(0)]), source.read([chunk(0)])];
  await blob.reaches(1);
  blob.asked[0]!.end(new RemoteError('refused', 'no'));
  for (const read of reads) await t.rejects(read, { code: 'refused' });
  blob.open = true;
  t.strictSame(await source.read([chunk(0)]), [expected(chunk(0))]);
});

t.test('an answer that ends too soon is a failure', async (t) => {
  const { blob, source } = made(t);
  const read = source.read([chunk(0, 2)]);
  await blob.reaches(1);
  blob.asked[0]!.give(0, CHUNK + 10);
  blob.asked[0]!.end();
  await t.rejects(read, { code: 'protocol', message: /bytes 0 to 2047/ });
});

t.test('a read ends with its deadline, and says what happened last', async (t) => {
  const { blob, source } = made(t, { deadline: 20 });
  const failing = source.read([chunk(7)]);
  await blob.reaches(1);
  blob.asked[0]!.end(new RemoteError('unreachable', 'connection refused'));
  await t.rejects(failing, { message: 'connection refused' });
  await t.rejects(source.read([chunk(1)]), {
    code: 'unreachable',
    message: /^gated: 1024 bytes from byte 1024 on did not come within 0.02 s; .* connection refused$/,
  });
  t.equal(blob.asked[1]!.options.signal?.aborted, true);
});

t.test('without a connection only what is kept is given', async (t) => {
  const { blob, source, store } = made(t, { connection: undefined });
  store.put(0, expected(chunk(0)));
  t.strictSame(await source.read([chunk(0)]), [expected(chunk(0))]);
  t.notOk(source.readSync(new Uint8Array(10), CHUNK - 5));
  await t.rejects(source.read([chunk(0, 2)]), { code: 'offline' });
  await t.rejects(source.prefetch(chunk(0, 2)), { code: 'offline' });
  t.equal(blob.asked.length, 0);
});

t.test('a store that keeps nothing', async (t) => {
  const { blob, source, store } = made(t);
  store.keepsNothing = true;
  blob.open = true;
  t.strictSame(await source.read([chunk(0, 4)]), [expected(chunk(0, 4))]);
  t.ok(source.isHere(100, 3000), 'it stays in memory for a while');
  const dst = new Uint8Array(3000);
  t.ok(source.readSync(dst, 100));
  t.strictSame(dst, bytes.slice(100, 3100));
  t.equal(blob.asked.length, 1);

  const small = made(t, { memory: CHUNK });
  small.store.keepsNothing = true;
  small.blob.open = true;
  t.strictSame(await small.source.read([chunk(0, 9)]), [expected(chunk(0, 9))], 'more than the memory holds');
});

t.test('what is discarded comes anew', async (t) => {
  const { blob, source, store } = made(t);
  blob.open = true;
  await source.read([chunk(0, 3)]);
  store.chunks.get(1)![5]! ^= 1;
  source.discard(CHUNK + 5, 1);
  t.same(blob.blamed, [{ offset: CHUNK + 5, length: 1 }]);
  t.notOk(source.isHere(CHUNK, 1));
  t.ok(source.isHere(0, CHUNK));
  t.notOk(source.readSync(new Uint8Array(10), CHUNK - 5), 'nothing of it is given');
  t.strictSame(await source.read([chunk(0, 3)]), [expected(chunk(0, 3))]);
  t.match(blob.asked[1], chunk(1));
  t.ok(source.isHere(0, 3 * CHUNK));
  t.strictSame(store.chunks.get(1), expected(chunk(1)));
});

t.test('a kept chunk that turns out to be damaged is fetched again', async (t) => {
  const { blob, source, store } = made(t, { memory: 1 });
  blob.open = true;
  await source.read([chunk(0, 3)]);
  const { readSync } = store;
  store.readSync = (dst, offset) => {
    store.readSync = readSync;
    store.chunks.delete(1);
    return store.readSync(dst, offset);
  };
  t.strictSame(await source.read([chunk(0, 3)]), [expected(chunk(0, 3))]);
  t.match(blob.asked[1], chunk(1));

  store.has = () => true;
  store.readSync = () => false;
  await t.rejects(source.read([chunk(0)]), { code: 'io', message: /damaged 4 times/ });
});

t.test('when all is kept the other side is let go, and asked for again when need be', async (t) => {
  let connects = 0;
  let completed = 0;
  const next = new GatedBlob(bytes);
  next.open = true;
  const first = new GatedBlob(bytes);
  const connection = {
    blob: first,
    connect: async () => {
      connects++;
      return next;
    },
  };
  const { source, store } = made(t, { connection, completed: () => completed++ }, first);
  first.open = true;
  await source.read([chunk(0, 40)]);
  await settled();
  t.notOk(first.closed);
  await source.read([{ offset: 0, length: bytes.length }]);
  await settled();
  t.ok(first.closed);
  t.equal(completed, 1);
  t.ok(store.flushes > 0);
  source.discard(0, 1);
  t.strictSame(await source.read([chunk(0)]), [expected(chunk(0))]);
  t.equal(connects, 1);
});

t.test('who stays open is blamed for what it gave, also when all is kept', async (t) => {
  const { blob, source } = made(t, { staysOpen: true });
  blob.open = true;
  const whole = { offset: 0, length: bytes.length };
  await source.read([whole]);
  await settled();
  t.notOk(blob.closed);
  source.discard(0, bytes.length);
  t.same(blob.blamed, [whole]);
});

t.test('another blob in its place is refused', async (t) => {
  const connection = { connect: async () => new GatedBlob(bytes, 'gated 2') };
  const { source } = made(t, { connection });
  await t.rejects(source.read([chunk(0)]), { code: 'stale', message: /gated 2 .* it was gated 1/ });
});

t.test('who reads in sequence finds the next bytes here', async (t) => {
  const { blob, source } = made(t, {
    readahead: 8 * CHUNK,
    readaheadAfter: 2 * CHUNK,
    longestFetch: 4 * CHUNK,
  });
  blob.open = true;
  await source.read([chunk(0)]);
  await settled();
  t.equal(blob.asked.length, 1);
  for (let at = 1; at < 40; at++) {
    const wasHere = source.isHere(at * CHUNK, CHUNK);
    if (at > 1 && at % 8 !== 0 && !wasHere && blob.asked.length > 20) t.fail(`chunk ${at} was not here`);
    t.strictSame(await source.read([chunk(at)]), [expected(chunk(at))]);
    await settled();
  }
  t.ok(blob.asked.length < 20, `${blob.asked.length} requests for 40 chunks`);
  t.equal(source.counters.bytesFetched, bytes.length, 'no byte twice');
  t.ok(blob.asked.some(({ options }) => options.background === true));
});

t.test('what is fetched ahead and then wanted is in the background no more', async (t) => {
  const { blob, source } = made(t);
  const prefetching = source.prefetch(chunk(0, 2));
  await blob.reaches(1);
  t.equal(blob.asked[0]!.options.background, true);
  const read = source.read([chunk(1)]);
  t.equal(blob.asked[0]!.options.background, false);
  blob.release();
  t.strictSame(await read, [expected(chunk(1))]);
  await prefetching;
  t.equal(blob.asked.length, 1);
});

t.test('prefetching gives way to who waits, and comes to its end', async (t) => {
  const { blob, source } = made(t, { longestFetch: 4 * CHUNK });
  const read = source.read([chunk(20)]);
  await blob.reaches(1);
  const prefetching = source.prefetch({ offset: 0, length: bytes.length });
  await settled();
  t.equal(blob.asked.length, 1, 'nothing is asked for while somebody waits');
  blob.release();
  await read;
  await prefetching;
  t.ok(source.isHere(0, bytes.length));
  t.equal(source.counters.bytesFetched, bytes.length, 'no byte twice');
});

t.test('prefetching ends with a failure, or when it is told to', async (t) => {
  const { blob, source } = made(t, { longestFetch: 4 * CHUNK });
  const failing = source.prefetch(chunk(0, 8));
  await blob.reaches(1);
  blob.asked[0]!.end(new RemoteError('unreachable', 'gone'));
  await t.rejects(failing, { message: 'gone' });
  const controller = new AbortController();
  const stopped = source.prefetch(chunk(0, 8), controller.signal);
  await blob.reaches(2);
  controller.abort(new Error('stop'));
  blob.asked[1]!.answer();
  await t.rejects(stopped, { message: 'stop' });
  t.ok(source.isHere(0, 4 * CHUNK));
});

t.test('bytes that came unasked are kept', async (t) => {
  const { blob, source } = made(t);
  for (let at = 0; at < 3 * CHUNK + 10; at += 100) source.accept(at, bytes.slice(at, at + 100));
  t.ok(source.isHere(0, 3 * CHUNK));
  t.notOk(source.isHere(3 * CHUNK, 10));
  t.strictSame(await source.read([chunk(0, 3)]), [expected(chunk(0, 3))]);
  t.equal(blob.asked.length, 0);
});

t.test('an answer longer than asked for serves others, too', async (t) => {
  const { blob, source } = made(t);
  const reads = [source.read([chunk(0)]), source.read([chunk(5)])];
  await blob.reaches(2);
  blob.asked[0]!.give(0, 8 * CHUNK);
  t.strictSame((await Promise.all(reads)).flat(), [chunk(0), chunk(5)].map(expected));
  t.equal(blob.asked[1]!.options.signal?.aborted, true, 'whose request is superfluous');
});

t.test('closing ends who waits', async (t) => {
  const { blob, source, store } = made(t);
  const read = source.read([chunk(0)]);
  await blob.reaches(1);
  source.close();
  source.close();
  await t.rejects(read, { code: 'unreachable', message: /closed/ });
  t.equal(blob.asked[0]!.options.signal?.aborted, true);
  t.ok(store.closed);
  t.ok(blob.closed);
});

t.test('the end of the blob', async (t) => {
  const { source } = made(t);
  await t.rejects(source.read([{ offset: bytes.length - 1, length: 2 }]), { code: 'truncated' });
  t.throws(() => source.readSync(new Uint8Array(2), bytes.length - 1), { code: 'truncated' });
});
