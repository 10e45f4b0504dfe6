/** Sources of one blob over stores that share a directory: what one fetches the other waits for, as long as it comes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { LazyOptions } from '../../src/cache/lazy-options.js';
import { LazySource } from '../../src/cache/lazy-source.js';
import { RemoteError } from '../../src/remote/remote-blob.js';
import { withoutClaims } from '../support/claims.js';
import { GatedBlob } from '../support/gated-blob.js';
import { dist } from '../support/paths.js';
import { Scratch } from '../support/scratch.js';
import { Content, chunkSize } from './chunk-store-content.js';

/** Milliseconds: longer than any test. */
const EVER = 2 ** 30;

const skip = withoutClaims();
if (skip !== false) t.plan(0, skip);
const scratch = new Scratch(t);
const content = new Content(40 * chunkSize + 5);
const holder = join(dist, 'test', 'cache', 'chunk-claim-holder.js');

function opened(t: Test, folder: string, options: LazyOptions = {}) {
  const blob = new GatedBlob(content.bytes, content.blob.id);
  const source = new LazySource(content.blob, content.open(folder), {
    ...{ connection: { blob }, readahead: 0, mergeGap: 0, memory: 1, grace: EVER, deadline: EVER },
    ...options,
  });
  t.teardown(() => source.close());
  return { blob, source };
}

const pair = (t: Test, options: LazyOptions = {}) => {
  const folder = scratch.folder();
  return [opened(t, folder, options), opened(t, folder, options)] as const;
};

const chunks = (first: number, count = 1) => ({ offset: first * chunkSize, length: count * chunkSize });
const expected = ({ offset, length }: { offset: number; length: number }) =>
  content.bytes.slice(offset, offset + length);
/** As [first chunk, chunks]. */
const asked = ({ asked }: GatedBlob) =>
  asked.map(({ offset, length }) => [offset / chunkSize, Math.ceil(length / chunkSize)]);

t.test('what another one fetches is waited for, and the rest is fetched meanwhile', async (t) => {
  const [one, two] = pair(t);
  const first = one.source.read([chunks(2, 4)]);
  await one.blob.reaches(1);
  const second = two.source.read([chunks(0, 10)]);
  await two.blob.reaches(2);
  t.same(asked(two.blob), [
    [0, 2],
    [6, 4],
  ]);
  two.blob.release();
  one.blob.asked[0]!.give(0, 2 * chunkSize);
  one.blob.asked[0]!.answer();
  t.strictSame(await first, [expected(chunks(2, 4))]);
  t.strictSame(await second, [expected(chunks(0, 10))]);
  t.equal(two.blob.asked.length, 2);
  t.equal(one.source.counters.bytesFetched + two.source.counters.bytesFetched, 12 * chunkSize);
});

t.test('many that read the same at once fetch each chunk once', async (t) => {
  const folder = scratch.folder();
  const all = Array.from({ length: 8 }, () => opened(t, folder, { longestFetch: 8 * chunkSize }));
  for (const { blob } of all) blob.open = true;
  const whole = { offset: 0, length: content.bytes.length };
  const read = await Promise.all(all.map(({ source }) => source.read([whole])));
  for (const [bytes] of read) t.equal(Buffer.compare(bytes!, content.bytes), 0);
  const fetched = all.flatMap(({ blob }) => blob.asked.map(({ length }) => length));
  t.equal(
    fetched.reduce((sum, length) => sum + length, 0),
    content.bytes.length,
  );
});

t.test('who waits fetches itself when the other one fails, or gives up', async (t) => {
  for (const ends of ['fails', 'gives up'] as const) {
    const [one, two] = pair(t);
    const controller = new AbortController();
    const first = one.source.read([chunks(0, 2)], controller.signal);
    await one.blob.reaches(1);
    const second = two.source.read([chunks(1)]);
    if (ends === 'fails') one.blob.asked[0]!.end(new RemoteError('refused', 'fails'));
    else controller.abort(new Error('gives up'));
    await t.rejects(first, { message: ends });
    await two.blob.reaches(1);
    two.blob.release();
    t.strictSame(await second, [expected(chunks(1))]);
    t.same(asked(two.blob), [[1, 1]]);
  }
});

t.test('and when the other process is killed', async (t) => {
  const folder = scratch.folder();
  const child = spawn(process.execPath, [holder, folder, `${content.blob.size}`, '4'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout!, 'data');
  const { blob, source } = opened(t, folder);
  const read = source.read([chunks(3, 2)]);
  await blob.reaches(1);
  t.same(asked(blob), [[4, 1]]);
  child.kill('SIGKILL');
  blob.release();
  t.strictSame(await read, [expected(chunks(3, 2))]);
  t.same(asked(blob), [
    [4, 1],
    [3, 1],
  ]);
});

t.test('and when nothing comes for too long', async (t) => {
  const [one, two] = pair(t, { grace: 30 });
  const first = one.source.read([chunks(0, 2)]);
  await one.blob.reaches(1);
  two.blob.open = true;
  t.strictSame(await two.source.read([chunks(0, 2)]), [expected(chunks(0, 2))]);
  one.blob.release();
  t.strictSame(await first, [expected(chunks(0, 2))], 'the slow one is served all the same');
  t.equal(two.blob.asked.length, 1);
});

t.test('waiting ends with the reader, and is for those of one directory', async (t) => {
  const [one, two] = pair(t);
  const first = one.source.read([chunks(0)]);
  await one.blob.reaches(1);
  const controller = new AbortController();
  const second = two.source.read([chunks(0)], controller.signal);
  controller.abort(new Error('enough'));
  await t.rejects(second, { message: 'enough' });
  const elsewhere = opened(t, scratch.folder());
  elsewhere.blob.open = true;
  t.strictSame(
    await elsewhere.source.read([chunks(0)]),
    [expected(chunks(0))],
    'another directory is another cache',
  );
  one.blob.release();
  await first;
});

t.test('prefetching leaves alone what another one fetches, and settles when it is here', async (t) => {
  const [one, two] = pair(t);
  const first = one.source.read([chunks(2, 2)]);
  await one.blob.reaches(1);
  let isSettled = false;
  const prefetching = two.source.prefetch(chunks(0, 6)).then(() => {
    isSettled = true;
  });
  two.blob.open = true;
  await two.blob.reaches(2);
  await sleep(20);
  t.notOk(isSettled);
  one.blob.release();
  await prefetching;
  t.ok(two.source.isHere(0, 6 * chunkSize));
  t.same(asked(two.blob), [
    [0, 2],
    [4, 2],
  ]);
  await first;
});

t.test('prefetching has no more patience than a read', async (t) => {
  const [one, two] = pair(t, { grace: 30 });
  const first = one.source.read([chunks(0)]);
  await one.blob.reaches(1);
  two.blob.open = true;
  await two.source.prefetch(chunks(0, 2));
  await two.source.flush();
  t.ok(two.source.isHere(0, 2 * chunkSize));
  one.blob.release();
  await first;
});

t.test('bytes that came unasked are counted', async (t) => {
  const [one] = pair(t);
  one.source.accept(0, content.bytes.slice(0, 100));
  t.equal(one.source.counters.bytesFetched, 100);
  // an answer with all of the blob comes to the source and to who waits for a part of it
  const read = one.source.read([chunks(3)]);
  await one.blob.reaches(1);
  one.source.accept(3 * chunkSize, content.bytes.slice(3 * chunkSize, 3 * chunkSize + 50));
  one.blob.asked[0]!.answer();
  await read;
  t.equal(one.source.counters.bytesFetched, 100 + chunkSize);
});

t.test(
  'what was found wrong in a thread that fetches nothing is used again when others have put it right',
  async (t) => {
    const folder = scratch.folder();
    const { blob, source } = opened(t, folder);
    const idle = opened(t, folder, { connection: undefined }).source;
    const wrong = new Content(content.bytes.length, 'wrong');
    const store = content.open(folder);
    store.put(1, wrong.chunk(0));
    await store.flush();
    store.close();
    const read = new Uint8Array(chunkSize);
    t.ok(idle.readSync(read, chunkSize));
    idle.discard(chunkSize, 1);
    t.notOk(idle.isHere(chunkSize, 1));
    t.notOk(idle.readSync(read, chunkSize));
    blob.open = true;
    source.discard(chunkSize, 1);
    await source.read([chunks(1)]);
    await source.flush();
    t.ok(idle.readSync(read, chunkSize));
    t.strictSame(read, expected(chunks(1)));
  },
);
