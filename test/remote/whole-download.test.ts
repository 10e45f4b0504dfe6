/** A server that ignores Range is read once, in its order, and serves all who wait as the bytes come. */
import t from 'tap';
import { WholeDownload } from '../../src/remote/whole-download.js';
import { until } from '../support/until.js';
import { FaultServer, serveWhole } from './fault-server.js';
import * as faults from './faults.js';
import { blobOf, openedBlob, same } from './opened-blob.js';

const SIZE = 200_000;

t.test('the opening answer is the download that everybody joins', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const gate = faults.gatedWhole(50_000);
  server.always = gate.fault;
  const { read, unasked, notices, blob } = await openedBlob(t, server.url());
  t.equal(blob.size, SIZE);
  t.same(
    notices.map(({ code }) => code),
    ['no-range'],
  );
  await until(() => unasked[49_999] === server.blob[49_999]);
  const early: number[] = [];
  const waiting = [read(100_000, 50_000), read(60_000, 10), read(SIZE - 1, 1)];
  waiting[1]!.then(() => early.push(1));
  t.same(early, [], 'nobody is served what has not come');
  gate.release();
  const [middle, few, last] = await Promise.all(waiting);
  t.ok(same(middle!, server.blob.subarray(100_000, 150_000)));
  t.ok(same(few!, server.blob.subarray(60_000, 60_010)));
  t.ok(same(last!, server.blob.subarray(SIZE - 1)));
  t.ok(same(unasked, server.blob), 'all of it was handed on');
  t.equal(server.seen.length, 1, 'it was asked for once');
});

t.test('what has passed already is asked for again', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const gate = faults.gatedWhole(50_000);
  server.always = gate.fault;
  const { read, unasked } = await openedBlob(t, server.url());
  await until(() => unasked[49_999] === server.blob[49_999]);
  t.ok(same(await read(10, 10), server.blob.subarray(10, 20)), 'while the download runs');
  t.equal(server.seen.length, 2);
  server.always = serveWhole;
  gate.release();
  t.ok(same(await read(0, SIZE), server.blob), 'after it');
});

t.test('a download that is cut goes on from the start, unseen by those who wait', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  server.faults.push(faults.wholeCut(30_000), faults.wholeCut(10_000), faults.status(503), faults.reset);
  server.always = serveWhole;
  const { read, unasked } = await openedBlob(t, server.url());
  t.ok(same(await read(100_000, 100_000), server.blob.subarray(100_000)));
  t.ok(same(unasked, server.blob));
  t.ok(server.seen.length >= 5);
});

t.test('a download that fails for good tells all who wait, and the next fetch begins anew', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  server.faults.push(faults.wholeCut(30_000));
  server.always = faults.status(404);
  const { read } = await openedBlob(t, server.url());
  await t.rejects(read(100_000, 10), { code: 'refused', message: /404/ });
  server.always = undefined;
  t.ok(same(await read(100_000, 10), server.blob.subarray(100_000, 100_010)));
});

t.test('a blob that changes under the download', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  server.faults.push((exchange) => {
    faults.wholeCut(30_000)(exchange);
    server.etag = '"version-2"';
  });
  server.always = serveWhole;
  const { read } = await openedBlob(t, server.url());
  await t.rejects(read(100_000, 10), { code: 'stale' });
});

t.test('who goes away is not waited for, who throws hurts nobody else', async (t) => {
  const download = new WholeDownload(100, undefined);
  const abort = new AbortController();
  const gone = download.join({ offset: 0, length: 100 }, () => {}, abort.signal);
  const full = download.join(
    { offset: 0, length: 100 },
    () => {
      throw new Error('no place');
    },
    new AbortController().signal,
  );
  const seen: number[] = [];
  const good = download.join({ offset: 0, length: 20 }, (at) => seen.push(at), new AbortController().signal);
  abort.abort(new Error('gone'));
  await t.rejects(gone, { message: 'gone' });
  download.data(new Uint8Array(10));
  download.data(new Uint8Array(10));
  await t.rejects(full, { message: 'no place' });
  await good;
  t.same(seen, [0, 10]);
  t.throws(() => download.data(new Uint8Array(81)), { code: 'protocol', message: /more than the 100 bytes/ });
});
