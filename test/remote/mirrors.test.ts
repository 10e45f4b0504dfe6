/** Several URLs of one blob: who is asked, when, and what makes one be left; second requests for slow ranges. */
import t, { type Test } from 'tap';
import { CircuitBreaker } from '../../src/remote/circuit-breaker.js';
import { resumeHttpBlob } from '../../src/remote/http-blob.js';
import type { HttpOptions } from '../../src/remote/http-options.js';
import { Provenance } from '../../src/remote/provenance.js';
import { FaultServer, refusingUrl, serveWhole } from './fault-server.js';
import * as faults from './faults.js';
import { blobOf, type OpenedBlob, openedBlob, QUICK, same } from './opened-blob.js';

const SIZE = 50_000;

async function pair(
  t: Test,
  options: HttpOptions = {},
): Promise<OpenedBlob & { main: FaultServer; mirror: FaultServer }> {
  const main = await FaultServer.start(t, blobOf(SIZE));
  const mirror = await FaultServer.start(t, main.blob);
  const opened = await openedBlob(t, main.url(), { mirrors: [mirror.url('/copy')], ...options });
  return { ...opened, main, mirror };
}

t.test('a mirror goes on where the first server stopped', async (t) => {
  const { read, main, mirror, notices } = await pair(t);
  t.equal(mirror.seen.length, 0, 'it is not asked without need');
  main.faults.push(faults.cutAfter(10_000));
  t.ok(same(await read(0, SIZE), main.blob));
  t.same(mirror.ranges, ['bytes=10000-49999']);
  t.equal(mirror.seen[0]?.headers['if-range'], undefined, 'its version is not known before its first answer');
  main.faults.push(faults.status(404));
  t.ok(same(await read(0, SIZE), main.blob), 'also where it says no for good');
  t.equal(mirror.seen[1]?.headers['if-range'], mirror.etag);
  t.same(notices, []);
});

t.test('a mirror opens the blob where the first server cannot', async (t) => {
  const mirror = await FaultServer.start(t, blobOf(SIZE));
  const dead = await refusingUrl();
  const { blob, read } = await openedBlob(t, dead, { mirrors: [mirror.url()] });
  t.equal(blob.name, dead);
  t.equal(blob.id, `${dead} 50000:"version-1"`, 'the same id as from the first server');
  t.ok(same(await read(0, SIZE), mirror.blob));
});

t.test('a blob that a mirror opened is gone on with from there, whatever the first URL has', async (t) => {
  for (const verified of [true, false]) {
    const main = await FaultServer.start(t, blobOf(SIZE));
    const mirror = await FaultServer.start(t, main.blob);
    mirror.etag = '"of the mirror"';
    main.always = faults.status(503);
    const options = { mirrors: [mirror.url('/copy')], verified, limits: QUICK };
    const { blob } = await openedBlob(t, main.url(), options);
    main.always = undefined;
    const notices: string[] = [];
    const report = ({ message }: { readonly message: string }) => notices.push(message);
    const again = resumeHttpBlob(main.url(), blob.version, { ...options, report });
    t.teardown(() => again.close());
    t.equal(again.id, blob.id);
    const bytes = new Uint8Array(100);
    await again.fetch({ offset: 10, length: 100 }, (at, piece) => bytes.set(piece, at - 10));
    t.ok(same(bytes, main.blob.subarray(10, 110)));
    if (verified) t.same(notices, [], 'what is verified may come from both');
    else t.match(notices, [/is not asked any more: its ETag is "version-1", not "of the mirror"/]);
    mirror.etag = '"another"';
    main.always = faults.status(503);
    await t.rejects(
      again.fetch({ offset: 0, length: 1 }, () => {}),
      { code: 'stale' },
      'the mirror can say that it has changed',
    );
  }
});

t.test('a verified blob is gone on with where the mirror that opened it is named no more', async (t) => {
  const main = await FaultServer.start(t, blobOf(SIZE));
  const mirror = await FaultServer.start(t, main.blob);
  mirror.etag = '"of the mirror"';
  main.always = faults.status(503);
  const { blob } = await openedBlob(t, main.url(), { mirrors: [mirror.url()], verified: true });
  main.always = undefined;
  const again = resumeHttpBlob(main.url(), blob.version, { verified: true, limits: QUICK });
  t.teardown(() => again.close());
  await again.fetch({ offset: 10, length: 100 }, () => {});
  main.etag = '"version-2"';
  await t.rejects(
    again.fetch({ offset: 0, length: 1 }, () => {}),
    { code: 'stale' },
  );
});

t.test('the circuit opens after failures in a row: a dead server costs nothing any more', async (t) => {
  const { read, main, mirror } = await pair(t, { limits: { breakerFailures: 3 } });
  main.always = faults.status(503);
  main.seen.length = 0;
  for (let count = 0; count < 6; count++) t.ok(same(await read(0, 100), main.blob.subarray(0, 100)));
  t.equal(main.seen.length, 3);
  t.equal(mirror.seen.length, 6);
  mirror.always = faults.reset;
  main.always = undefined;
  t.ok(same(await read(0, 100), main.blob.subarray(0, 100)), 'it is asked again where nobody else answers');
});

t.test('a breaker admits one try each rest', async (t) => {
  let now = 0;
  const breaker = new CircuitBreaker(2, 100, () => now);
  breaker.failed();
  t.equal(breaker.admits(), true);
  breaker.failed();
  t.equal(breaker.admits(), false);
  now = 100;
  t.equal(breaker.admits(), true);
  t.equal(breaker.admits(), false, 'half-open: one');
  breaker.failed();
  now = 199;
  t.equal(breaker.admits(), false);
  now = 200;
  t.equal(breaker.admits(), true);
  breaker.succeeded();
  t.same([breaker.admits(), breaker.admits()], [true, true]);
});

t.test('a mirror with another blob is left, and the user told', async (t) => {
  const differences: [string, Partial<FaultServer>, RegExp][] = [
    ['size', { blob: blobOf(SIZE + 1) }, /it has 50001 bytes, not 50000/],
    ['ETag', { etag: '"other"' }, /its ETag is "other", not "version-1"/],
    ['Range ignored', { always: serveWhole }, /it ignores Range/],
  ];
  for (const [name, change, message] of differences) {
    const { read, main, mirror, notices } = await pair(t);
    Object.assign(mirror, change);
    main.faults.push(faults.status(500));
    t.ok(same(await read(0, 100), main.blob.subarray(0, 100)), name);
    t.same(
      notices.map(({ code }) => code),
      ['mirror-left'],
    );
    t.match(notices[0]?.message, message);
    main.faults.push(faults.status(500));
    await read(0, 100);
    t.equal(mirror.seen.length, 1, 'and never asked again');
  }
});

t.test('a date tells mirrors apart where no ETag does', async (t) => {
  const main = await FaultServer.start(t, blobOf(SIZE));
  const mirror = await FaultServer.start(t, blobOf(SIZE, 2));
  main.etag = mirror.etag = undefined;
  main.modified = 'Mon, 01 Jan 2024 00:00:00 GMT';
  mirror.modified = 'Tue, 02 Jan 2024 00:00:00 GMT';
  const { read, notices } = await openedBlob(t, main.url(), { mirrors: [mirror.url()] });
  main.faults.push(faults.reset);
  t.ok(same(await read(0, SIZE), main.blob));
  t.match(notices[0]?.message, /it was modified Tue.*not Mon/);
});

t.test('where the bytes are verified above, the size is enough', async (t) => {
  const { read, main, mirror, notices } = await pair(t, { verified: true });
  mirror.etag = '"other"';
  main.faults.push(faults.status(500));
  t.ok(same(await read(0, 100), main.blob.subarray(0, 100)));
  t.equal(mirror.seen.length, 1);
  t.same(notices, []);
});

t.test('a mirror that changes is left, a first server that changes makes the blob stale', async (t) => {
  const { read, main, mirror, notices } = await pair(t);
  main.faults.push(faults.status(500), undefined, faults.status(500));
  await read(0, 100);
  mirror.blob = blobOf(SIZE, 9);
  mirror.etag = '"version-2"';
  t.ok(same(await read(0, 100), main.blob.subarray(0, 100)));
  t.ok(same(await read(0, 100), main.blob.subarray(0, 100)));
  t.match(notices[0]?.message, /its blob has changed/);
  main.etag = '"version-2"';
  await t.rejects(read(0, 100), { code: 'stale' });
});

t.test('bytes that were found wrong are asked for from another one', async (t) => {
  const { read, main, mirror, blob } = await pair(t);
  await read(0, 1000);
  await read(1000, 1000);
  blob.blame?.({ offset: 500, length: 100 });
  const asked = main.seen.length;
  await read(500, 100);
  t.same(mirror.ranges, ['bytes=500-599']);
  await read(2000, 100);
  t.equal(main.seen.length, asked + 1, 'others still come from the first');
  blob.blame?.({ offset: 500, length: 100 });
  mirror.always = faults.status(404);
  t.ok(same(await read(500, 100), main.blob.subarray(500, 600)), 'all are to blame: one of them is asked');
});

t.test('what is remembered of who gave what', async (t) => {
  const provenance = new Provenance<string>();
  provenance.deliver('a', 0, 10);
  provenance.deliver('a', 10, 10);
  provenance.deliver('b', 20, 10);
  t.same([...provenance.blame({ offset: 15, length: 10 })], ['a', 'b']);
  t.same([...provenance.blame({ offset: 30, length: 10 })], []);
  t.equal(provenance.isBlamed('a', { offset: 24, length: 1 }), true);
  t.equal(provenance.isBlamed('a', { offset: 25, length: 1 }), false);
  for (let count = 0; count < 20_000; count++) provenance.deliver('c', 1000 + 2 * count, 1);
  t.same([...provenance.blame({ offset: 15, length: 1 })], [], 'the old is forgotten');
  t.same([...provenance.blame({ offset: 1000 + 2 * 19_999, length: 1 })], ['c']);
});

t.test('credentials are not shown to a mirror elsewhere', async (t) => {
  const { read, main, mirror } = await pair(t, { token: 'open-sesame', headers: { 'x-key': 'sesame' } });
  main.faults.push(faults.reset);
  await read(0, 100);
  t.equal(main.seen[0]?.headers.authorization, 'Bearer open-sesame');
  t.equal(mirror.seen.length, 1);
  t.notMatch(JSON.stringify(mirror.seen), /sesame/);
});

t.test('all of them fail', async (t) => {
  const { read, main, mirror } = await pair(t);
  main.always = faults.status(404);
  mirror.always = faults.status(403);
  await t.rejects(read(0, 100), { code: 'refused', message: /answered 40[34]/ });
  t.equal(mirror.seen.length, 1);
  mirror.always = faults.reset;
  mirror.seen.length = 0;
  await t.rejects(read(0, 100), { code: 'unreachable', message: /was cut/ });
  t.equal(mirror.seen.length, 4, 'only who may still succeed is tried again');
});

t.test('a slow range is asked for a second time; the first to end wins', async (t) => {
  const limits = { hedgeAfter: 500, hedgeBelow: 30_000 };
  const { read, main, mirror } = await pair(t, { limits });
  main.always = faults.stallAfter(1_000);
  t.ok(same(await read(0, SIZE), main.blob));
  t.same(mirror.ranges, ['bytes=1000-49999'], 'for what has not come');
});

t.test('the same server is asked a second time where it is the only one', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { read } = await openedBlob(t, server.url(), { limits: { hedgeAfter: 50 } });
  server.faults.push(faults.drip(20));
  t.ok(same(await read(0, SIZE), server.blob));
  t.equal(server.seen.length, 3);
});

t.test('both fail: the fetch goes on', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { read } = await openedBlob(t, server.url(), { limits: { hedgeAfter: 50, stall: 200 } });
  server.faults.push(faults.silence, faults.silence);
  t.ok(same(await read(0, SIZE), server.blob));
});

t.test('no second request in the background, nor for every range of a slow line', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const limits = { hedgeAfter: 20, stall: 200, tries: 1 };
  const { read } = await openedBlob(t, server.url(), { limits });
  server.always = faults.silence;
  server.seen.length = 0;
  await t.rejects(read(0, SIZE, { background: true }));
  t.equal(server.seen.length, 1);
  for (let count = 0; count < 4; count++) await t.rejects(read(0, SIZE));
  t.equal(server.seen.length, 1 + 4 + 1, 'one for ten fetches');
});
