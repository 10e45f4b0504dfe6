import { constants } from 'node:os';
import t from 'tap';
import { WaitingRequests } from '../../src/fuse/waiting-requests.js';
import { FuseClient, record } from './fuse-client.js';
import { MemoryTree } from './memory-tree.js';

const { EINTR, EIO, ENETUNREACH } = constants.errno;
const ROOT = 36;
const FILE = 40;
const CONTENT = Buffer.from('what is in the file');

/** Requests over a tree whose bytes are here once the test lets them through. */
function waiting(memory = 2 ** 24) {
  const news: boolean[] = [];
  const tree = new MemoryTree(ROOT, [
    [ROOT, { entries: new Map([['file', FILE]]) }],
    [FILE, { content: CONTENT }],
  ]);
  const replies: Buffer[] = [];
  const gates: { through(): void; fail(error: unknown): void; signal: AbortSignal | undefined }[] = [];
  const clients: FuseClient[] = [];
  const requests = new WaitingRequests({
    memory,
    full: (isFull) => news.push(isFull),
    image: {
      run: (operation, signal) =>
        new Promise((resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason));
          gates.push({ through: () => resolve(operation()), fail: reject, signal });
        }),
    },
    makeDispatcher: () => {
      const client = new FuseClient(tree);
      clients.push(client);
      return client.dispatcher;
    },
    send: ({ exchange }, length) => replies.push(Buffer.from(exchange.reply.subarray(0, length))),
    sendRefusal: (reply) => replies.push(Buffer.from(reply)),
  });
  const client = new FuseClient(tree);
  const ask = () => {
    const request = client.request('READ', BigInt(FILE + 2), record(0n, 0n, 4096, 0, 0n, 0, 0));
    return { unique: request.readBigUInt64LE(8), request: new Uint8Array(request) };
  };
  const problems = () => clients.flatMap(({ problems }) => problems.map(({ problem }) => problem.message));
  return { requests, gates, replies, ask, clients, problems, news };
}

/** What has settled has been acted on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

const errorOf = (reply: Buffer) => reply.readInt32LE(4);
const uniqueOf = (reply: Buffer) => reply.readBigUInt64LE(8);

t.test('each is answered when its own bytes have come', async (t) => {
  const { requests, gates, replies, ask } = waiting();
  const asked = [ask(), ask(), ask()];
  for (const { request } of asked) requests.accept(request);
  t.equal(requests.count, 3);
  for (const index of [2, 0, 1]) {
    gates[index]!.through();
    await settled();
    const reply = replies.at(-1)!;
    t.equal(uniqueOf(reply), asked[index]!.unique);
    t.equal(errorOf(reply), 0);
    t.equal(reply.subarray(16).toString(), CONTENT.toString());
  }
  t.equal(replies.length, 3);
  t.equal(requests.count, 0);
});

t.test('what waits for too long is answered with EIO', async (t) => {
  const { requests, gates, replies, ask } = waiting();
  const [early, late] = [ask(), ask()];
  requests.accept(early.request);
  t.equal(requests.look(3), 0);
  requests.accept(late.request);
  t.equal(requests.look(3), 0);
  t.equal(requests.look(3), 1, 'met for the third time');
  t.equal(uniqueOf(replies[0]!), early.unique);
  t.equal(errorOf(replies[0]!), -EIO);
  t.ok(gates[0]!.signal?.aborted, 'its waiting ends');
  gates[1]!.through();
  await settled();
  t.equal(uniqueOf(replies[1]!), late.unique, 'the other one goes on');
  t.equal(replies.length, 2, 'and each has one answer');
  t.equal(requests.count, 0);
});

t.test('an interrupt is answered at once, and ends the waiting', async (t) => {
  const { requests, gates, replies, ask, problems } = waiting();
  const [one, other] = [ask(), ask()];
  requests.accept(one.request);
  requests.accept(other.request);
  requests.interrupt(one.unique);
  t.equal(replies.length, 1, 'before anything settles');
  t.equal(uniqueOf(replies[0]!), one.unique);
  t.equal(errorOf(replies[0]!), -EINTR);
  t.equal(replies[0]!.length, 16);
  t.equal(gates[0]!.signal?.aborted, true);
  await settled();
  requests.interrupt(one.unique);
  requests.interrupt(12_345n);
  t.equal(replies.length, 1, 'and never again');
  t.same(problems(), [], 'which is nobody’s problem');
  gates[1]!.through();
  await settled();
  t.equal(uniqueOf(replies[1]!), other.unique, 'the other one goes on');
  requests.interrupt(other.unique);
  t.equal(replies.length, 2);
});

t.test('an interrupt that overtook its request', async (t) => {
  const { requests, gates, replies, ask } = waiting();
  const { request, unique } = ask();
  requests.interrupt(unique);
  requests.accept(request);
  t.equal(replies.length, 1);
  t.equal(errorOf(replies[0]!), -EINTR);
  t.equal(gates.length, 0, 'nothing is fetched');
});

t.test('what cannot be had is an errno, reported', async (t) => {
  const { requests, gates, replies, ask, problems } = waiting();
  for (const [problem, errno] of [
    [Object.assign(new Error('not in the cache'), { code: 'offline' }), ENETUNREACH],
    [Object.assign(new Error('no answer'), { code: 'unreachable' }), EIO],
  ] as const) {
    requests.accept(ask().request);
    gates.at(-1)!.fail(problem);
    await settled();
    t.equal(errorOf(replies.at(-1)!), -errno);
    t.ok(problems().includes(problem.message));
  }
});

t.test('many more than are worked on at once', async (t) => {
  const { requests, gates, replies, ask, clients } = waiting();
  const asked = Array.from({ length: 300 }, ask);
  for (const { request } of asked) requests.accept(request);
  t.ok(clients.length < 200, `${clients.length} buffers`);
  requests.interrupt(asked[299]!.unique);
  t.equal(errorOf(replies[0]!), -EINTR, 'one that has no buffer yet is interrupted as well');
  for (let opened = 0; opened < gates.length; opened++) {
    gates[opened]!.through();
    await settled();
  }
  t.same(new Set(replies.map(uniqueOf)).size, 300);
  t.equal(replies.length, 300);
});

t.test('after the end nothing is sent', async (t) => {
  const { requests, gates, replies, ask } = waiting();
  const [one, late] = [ask(), ask()];
  requests.accept(one.request);
  requests.end();
  t.equal(gates[0]!.signal?.aborted, true);
  requests.interrupt(one.unique);
  requests.accept(late.request);
  await settled();
  t.equal(gates.length, 1, 'nothing more is begun');
  t.same(replies, []);
});

t.test('as many are worked on as memory allows, and beyond that the kernel keeps them', async (t) => {
  // each reads 4 KiB and takes 136 KiB; 64 may wait
  const { requests, gates, replies, ask, news } = waiting(1 << 20);
  const asked = Array.from({ length: 70 }, ask);
  for (const { request } of asked) requests.accept(request);
  const atOnce = gates.length;
  t.ok(atOnce > 0 && atOnce < 8, `${atOnce} at once`);
  t.equal(requests.count, 70);
  t.strictSame(news, [true]);
  for (let next = 0; next < asked.length; next++) {
    gates[next]!.through();
    await settled();
    t.ok(gates.length <= next + 1 + atOnce);
  }
  t.strictSame(
    replies.map(uniqueOf),
    asked.map(({ unique }) => unique),
    'each in its turn',
  );
  t.strictSame(news, [true, false]);
});

t.test('one that takes more than all memory is worked on alone', async (t) => {
  const { requests, gates, replies, ask } = waiting(1);
  const asked = [ask(), ask()];
  for (const { request } of asked) requests.accept(request);
  t.equal(gates.length, 1);
  for (const at of [0, 1]) {
    gates[at]!.through();
    await settled();
  }
  t.equal(replies.length, 2);
});
