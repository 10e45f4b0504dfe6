import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { RequestQueue } from '../../src/remote/request-queue.js';
import { FaultServer, serve } from './fault-server.js';
import { blobOf, openedBlob } from './opened-blob.js';

const never = new AbortController().signal;

t.test('what somebody waits for goes first, and background leaves half of the places', async (t) => {
  const queue = new RequestQueue(() => 4);
  const order: string[] = [];
  const releases: (() => void)[] = [];
  const ask = (name: string, priority: { background?: boolean }, signal = never) =>
    queue.acquire('http://a', priority, signal).then(
      (release) => {
        order.push(name);
        releases.push(release);
      },
      (error) => order.push(`${name}: ${error.message}`),
    );
  const hurried = { background: true };
  const abort = new AbortController();
  for (const name of ['b1', 'b2', 'b3']) ask(name, { background: true });
  ask('b4', hurried);
  ask('gone', { background: true }, abort.signal);
  await turn();
  t.same(order, ['b1', 'b2']);
  for (const name of ['u1', 'u2', 'u3']) ask(name, {});
  abort.abort(new Error('nobody waits'));
  await turn();
  t.same(order.splice(0).sort(), ['b1', 'b2', 'gone: nobody waits', 'u1', 'u2']);
  hurried.background = false;
  for (let count = 0; count < 5; count++) {
    releases.shift()?.();
    await turn();
  }
  t.same(order, ['b4', 'u3', 'b3'], 'one that has come to be waited for keeps its place in the line');
  await t.rejects(queue.acquire('http://a', {}, AbortSignal.abort(new Error('before'))), {
    message: 'before',
  });
  await queue.acquire('http://b', {}, never);
  t.pass('each host has its own places');
});

t.test('no more requests at once than a host takes, over connections that stay', async (t) => {
  const server = await FaultServer.start(t, blobOf(100_000));
  const { read } = await openedBlob(t, server.url(), { limits: { connections: 3 } });
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
  await Promise.all(Array.from({ length: 30 }, (_, index) => read(index * 1000, 1000)));
  t.equal(most, 3);
  t.ok(server.connections <= 3, `${server.connections} connections`);
});

t.test('one request after the other needs one connection', async (t) => {
  const server = await FaultServer.start(t, blobOf(100_000));
  const { read } = await openedBlob(t, server.url());
  for (let count = 0; count < 20; count++) await read(count * 1000, 1000);
  t.equal(server.connections, 1);
});
