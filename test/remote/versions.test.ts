/** Bytes of two versions are never mixed, and what has changed stays stale. */
import t from 'tap';
import { resumeHttpBlob } from '../../src/remote/http-blob.js';
import { type Fault, FaultServer, serve, serveWhole } from './fault-server.js';
import * as faults from './faults.js';
import { blobOf, openedBlob, QUICK, same } from './opened-blob.js';

const SIZE = 50_000;
const STALE = { name: 'RemoteError', code: 'stale', message: /has changed since it was opened/ };

t.test('a strong ETag pins the blob', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  server.modified = 'Mon, 01 Jan 2024 00:00:00 GMT';
  const { blob, read, unasked, notices } = await openedBlob(
    t,
    server.url('/a/image.erofs?X-Amz-Signature=abc'),
  );
  t.equal(blob.size, SIZE);
  t.equal(blob.name, server.url('/a/image.erofs'));
  t.equal(blob.id, `${server.url('/a/image.erofs')} 50000:"version-1"`);
  t.ok(same(unasked.subarray(0, 1000), server.blob.subarray(0, 1000)), 'the first bytes came at once');
  t.ok(same(await read(0, SIZE), server.blob));
  t.same(notices, []);
  const fields = server.seen.map(({ headers }) => [
    headers.range,
    headers['if-range'],
    headers['accept-encoding'],
  ]);
  t.same(fields, [
    ['bytes=0-999', undefined, 'identity'],
    ['bytes=0-49999', '"version-1"', 'identity'],
  ]);
});

t.test('a date pins the blob where the ETag is weak or absent', async (t) => {
  for (const etag of [undefined, 'W/"1"']) {
    const server = await FaultServer.start(t, blobOf(SIZE));
    server.etag = etag;
    server.modified = 'Mon, 01 Jan 2024 00:00:00 GMT';
    const { blob, read } = await openedBlob(t, server.url());
    t.match(blob.id, / 50000:"Mon, 01 Jan 2024 00:00:00 GMT"$/);
    t.ok(same(await read(5, 10), server.blob.subarray(5, 15)));
    t.equal(server.seen.at(-1)?.headers['if-range'], server.modified);
    server.modified = 'Mon, 01 Jan 2024 00:00:01 GMT';
    await t.rejects(read(5, 10), STALE);
  }
});

t.test('a date of this very second is no validator for If-Range, and is compared all the same', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  server.etag = undefined;
  server.modified = new Date(Date.now() + 5_000).toUTCString();
  const { read } = await openedBlob(t, server.url());
  t.ok(same(await read(5, 10), server.blob.subarray(5, 15)));
  t.equal(server.seen.at(-1)?.headers['if-range'], undefined);
  server.modified = 'Mon, 01 Jan 2024 00:00:00 GMT';
  await t.rejects(read(5, 10), STALE);
});

t.test('without a version the size is all there is, and the user is told once', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  server.etag = 'W/"1"';
  const { blob, read, notices } = await openedBlob(t, server.url());
  t.equal(blob.id, `${server.url()} 50000:`);
  await read(0, 10);
  t.equal(server.seen.at(-1)?.headers['if-range'], undefined);
  t.same(
    notices.map(({ code }) => code),
    ['no-version'],
  );
  server.blob = blobOf(SIZE + 1);
  await t.rejects(read(0, 10), STALE);
});

/** How a server may show a changed blob. */
const changes: readonly [string, Fault | undefined][] = [
  ['200 to If-Range', undefined],
  ['206 all the same', (exchange) => void serve({ ...exchange, request: withoutIfRange(exchange.request) })],
  [
    '416',
    (exchange) => void exchange.response.writeHead(416, { 'content-range': 'bytes */7', etag: '"2"' }).end(),
  ],
];

function withoutIfRange(request: Parameters<Fault>[0]['request']): typeof request {
  delete request.headers['if-range'];
  return request;
}

for (const [name, fault] of changes) {
  t.test(`a blob that changes mid-way: ${name}`, async (t) => {
    const server = await FaultServer.start(t, blobOf(SIZE));
    const { blob, read } = await openedBlob(t, server.url());
    const old = server.blob;
    let came = 0;
    server.faults.push((exchange) => {
      faults.resetAfter(10_000)(exchange);
      server.blob = blobOf(SIZE, 2);
      server.etag = '"version-2"';
      server.always = fault;
    });
    const fetching = blob.fetch({ offset: 0, length: SIZE }, (at, bytes) => {
      came += bytes.length;
      t.ok(same(bytes, old.subarray(at, at + bytes.length)), 'no byte of the new version');
    });
    await t.rejects(fetching, STALE);
    t.ok(came <= 10_000);
    server.always = undefined;
    server.blob = old;
    server.etag = '"version-1"';
    server.seen.length = 0;
    await t.rejects(read(0, 10), STALE, 'for ever');
    t.equal(server.seen.length, 0);
  });
}

t.test('all fetches that run end when one finds the blob changed', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { read } = await openedBlob(t, server.url());
  server.faults.push(faults.silence);
  const waiting = read(0, 10);
  server.etag = '"version-2"';
  await Promise.all([t.rejects(waiting, STALE), t.rejects(read(10, 10), STALE)]);
});

t.test('a page of somebody else in the place of the blob is no change', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { read } = await openedBlob(t, server.url());
  server.faults.push(faults.status(200, { 'content-type': 'text/html' }));
  t.ok(same(await read(0, SIZE), server.blob), 'asked again, the blob is there');
});

t.test('a server that ceases to do ranges of the same version', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { read, notices } = await openedBlob(t, server.url());
  server.always = serveWhole;
  t.ok(same(await read(20_000, 10_000), server.blob.subarray(20_000, 30_000)));
  t.same(
    notices.map(({ code }) => code),
    ['no-range'],
  );
});

t.test('two blobs of one path, told apart by their query, have two ids', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const ids = [];
  for (const query of ['id=1&sig=a', 'id=1&sig=b&X-Amz-Date=1', 'id=2&sig=a']) {
    ids.push((await openedBlob(t, server.url(`/get?${query}`))).blob.id);
  }
  t.equal(ids[0], ids[1]);
  t.not(ids[0], ids[2]);
  t.notMatch(ids.join(), /sig|X-Amz/);
});

t.test('blobs that cannot be read in parts because nobody knows their size', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  server.always = faults.partClaiming('bytes 0-999/*');
  await t.rejects(openedBlob(t, server.url()), { code: 'protocol', message: /does not say how many bytes/ });
  server.always = ({ response }) => {
    response.write(server.blob.subarray(0, 100));
    response.end(server.blob.subarray(100));
  };
  await t.rejects(openedBlob(t, server.url()), { code: 'protocol', message: /does not say how many bytes/ });
  server.always = undefined;
  server.blob = new Uint8Array(0);
  await t.rejects(openedBlob(t, server.url()), { code: 'protocol', message: /it is empty/ });
});

t.test('a total that is not told later on is no obstacle', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { read } = await openedBlob(t, server.url());
  server.always = faults.partClaiming('bytes 100-199/*');
  t.ok(same(await read(100, 100), server.blob.subarray(100, 200)));
});

t.test('blobs smaller than the first bytes', async (t) => {
  const server = await FaultServer.start(t, blobOf(300));
  for (const answer of [undefined, serveWhole]) {
    server.always = answer;
    const { unasked, blob, notices } = await openedBlob(t, server.url());
    t.equal(blob.size, 300);
    t.ok(same(unasked, server.blob));
    t.same(notices, []);
  }
  t.equal(server.seen.length, 2);
});

t.test('a blob that was opened before is gone on with, unless it has changed', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { blob } = await openedBlob(t, server.url());
  server.seen.length = 0;
  const again = resumeHttpBlob(server.url(), blob.version, { limits: QUICK });
  t.teardown(() => again.close());
  t.equal(again.id, blob.id);
  t.equal(server.seen.length, 0, 'the network is not asked');
  const bytes = new Uint8Array(100);
  await again.fetch({ offset: 10, length: 100 }, (at, piece) => bytes.set(piece, at - 10));
  t.ok(same(bytes, server.blob.subarray(10, 110)));
  t.equal(server.seen[0]?.headers['if-range'], '"version-1"');
  server.etag = '"version-2"';
  await t.rejects(
    again.fetch({ offset: 0, length: 1 }, () => {}),
    STALE,
  );
  t.throws(() => resumeHttpBlob(server.url(), 'version 1'), { code: 'options' });
});
