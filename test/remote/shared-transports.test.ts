/** Blobs of one server have its connections in common. */
import t from 'tap';
import { until } from '../support/until.js';
import { FaultServer, serve } from './fault-server.js';
import { blobOf, openedBlob, same } from './opened-blob.js';

const SIZE = 400_000;

t.test('all of them together make no more connections than one alone', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  let running = 0;
  let most = 0;
  server.always = (exchange) => {
    running += 1;
    most = Math.max(most, running);
    setTimeout(() => {
      running -= 1;
      serve(exchange);
    }, 5);
  };
  const limits = { connections: 3 };
  const blobs = await Promise.all([1, 2, 3, 4].map((n) => openedBlob(t, server.url(`/${n}`), { limits })));
  const offsets = [10_000, 100_000, 200_000, 300_000];
  const reads = blobs.flatMap(({ read }) => offsets.map((offset) => read(offset, 1000)));
  for (const [index, bytes] of (await Promise.all(reads)).entries()) {
    const offset = offsets[index % offsets.length]!;
    t.ok(same(bytes, server.blob.subarray(offset, offset + 1000)));
  }
  t.ok(server.connections <= 3, `${server.connections} connections`);
  t.ok(most <= 3, `${most} requests at once`);
});

t.test('one that is closed leaves them to the others; the last one ends them', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const first = await openedBlob(t, server.url('/1'));
  const second = await openedBlob(t, server.url('/2'));
  await first.blob.close();
  await first.blob.close();
  t.ok(same(await second.read(5000, 100), server.blob.subarray(5000, 5100)));
  t.equal(server.connections, 1);
  await t.rejects(first.read(5000, 100), { code: 'unreachable', message: /was closed/ });
  await second.blob.close();
  // long before the server itself would end an idle one
  t.ok(await until(() => server.open === 0, 2), 'no connection is left');
});
