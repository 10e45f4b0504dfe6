/** A machine that slept: its clocks part, and what was connected before is not used again. */
import t from 'tap';
import { FaultServer } from './fault-server.js';
import * as faults from './faults.js';
import { blobOf, openedBlob, same } from './opened-blob.js';

const SIZE = 50_000;
const { now } = Date;

t.afterEach(() => {
  Date.now = now;
});

/** The clock on the wall goes on for so long, the monotonic one does not. */
const sleepFor = (milliseconds: number): void => {
  Date.now = () => now() + milliseconds;
};

t.test('connections from before a long sleep are left', async (t) => {
  for (const [slept, connections] of [
    [10_000, 1],
    [60_000, 2],
    [-60_000, 2],
  ] as const) {
    Date.now = now;
    const server = await FaultServer.start(t, blobOf(SIZE));
    const { read } = await openedBlob(t, server.url());
    t.ok(same(await read(100, 1000), server.blob.subarray(100, 1100)));
    t.equal(server.connections, 1);
    sleepFor(slept);
    t.ok(same(await read(2000, 1000), server.blob.subarray(2000, 3000)));
    t.ok(same(await read(3000, 1000), server.blob.subarray(3000, 4000)));
    t.equal(server.connections, connections, `${slept} ms`);
  }
});

t.test('what is on its way comes to its end', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { read } = await openedBlob(t, server.url());
  let answer = (): void => {};
  const asked = new Promise<void>((resolve) => {
    server.faults.push((exchange) => {
      answer = () => faults.withFields({})(exchange);
      resolve();
    });
  });
  const first = read(100, 1000);
  await asked;
  sleepFor(60_000);
  t.ok(same(await read(2000, 1000), server.blob.subarray(2000, 3000)), 'others do not wait for it');
  answer();
  t.ok(same(await first, server.blob.subarray(100, 1100)));
  t.equal(
    server.seen.filter(({ headers }) => headers.range === 'bytes=100-1099').length,
    1,
    'asked for once',
  );
});
