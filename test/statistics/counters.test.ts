/** Counts of several threads, and what is made of them. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { OPCODES, READ } from '../../src/fuse/protocol.js';
import { BUCKETS, Count, Counters } from '../../src/statistics/counters.js';
import { bucketEnd, quantile } from '../../src/statistics/quantile.js';
import { difference, readStatistics, sumOfDurations } from '../../src/statistics/statistics.js';

const counter = fileURLToPath(new URL('./counting-thread.js', import.meta.url));
const GETATTR = 3;

const buckets = (...counts: number[]): number[] => [...counts, ...new Array(BUCKETS - counts.length).fill(0)];

t.test('threads that count at the same time lose nothing', async (t) => {
  const own = new Counters();
  own.add(Count.remoteBytes, 5);
  own.answered(READ);
  const { memory } = own;
  own.add(Count.remoteBytes, 6);
  const threads = [1, 2, 3].map(() => new Worker(counter, { workerData: { memory, times: 50_000 } }));
  const ends = await Promise.all(threads.map((thread) => once(thread, 'exit')));
  t.same(ends, [[0], [0], [0]]);
  const { requests, bytes_read, remote, failures } = readStatistics(memory, OPCODES);
  t.equal(remote.bytes, 11, 'also what was counted before the memory was shared');
  t.equal(bytes_read, 3 * 50_000 * 7);
  t.equal(requests.READ?.count, 3 * 50_000 + 1);
  t.equal(failures, 3);
  t.same(Object.keys(requests), ['READ']);
});

t.test('requests fall into buckets by what they took', async (t) => {
  const counters = new Counters();
  const milliseconds = [0.0004, 0.0015, 0.003, 0.0031, 1, 1e12];
  for (const took of milliseconds) {
    counters.answered(GETATTR);
    counters.took(GETATTR, took);
  }
  const { durations } = readStatistics(counters.memory, OPCODES).requests.GETATTR!;
  const expected = buckets(1, 1, 2);
  expected[10] = 1;
  expected[BUCKETS - 1] = 1;
  t.same(durations, expected);
});

t.test('of many requests of a kind one in eight is timed, and stands for eight', async (t) => {
  const counters = new Counters();
  const weights: number[] = [];
  for (let request = 0; request < 512; request++) {
    weights.push(counters.weightOf(GETATTR));
    counters.answered(GETATTR);
  }
  t.ok(weights.slice(0, 256).every((weight) => weight === 1));
  t.equal(weights.filter((weight) => weight === 8).length, 32);
  t.equal(
    weights.reduce((sum, weight) => sum + weight),
    512,
    'all stand for as many as there were',
  );
  t.equal(counters.weightOf(READ), 1, 'each kind by itself');
});

t.test('an opcode that there is not is counted among the others', async (t) => {
  const counters = new Counters();
  counters.answered(4096);
  t.same(Object.keys(readStatistics(counters.memory, OPCODES).requests), ['OTHER']);
});

t.test('what is looked up again is not counted again', async (t) => {
  const counters = new Counters();
  counters.lookUp(Count.blockHits, 1);
  counters.isRepeating = true;
  counters.lookUp(Count.blockHits, 1);
  counters.isRepeating = false;
  t.same(readStatistics(counters.memory, OPCODES).block_cache, { hits: 1, misses: 0 });
});

t.test('what most requests took', async (t) => {
  t.equal(quantile(buckets(), 0.5), undefined);
  t.equal(quantile(buckets(0, 0, 0, 4), 0.5), 6, 'in the middle of 4 to 8 µs');
  t.equal(quantile(buckets(0, 2, 0, 2), 1), 8);
  t.equal(quantile(buckets(0, 2, 0, 2), 0.5), 2, 'an empty bucket between is none');
  t.equal(quantile(buckets(4), 0.5), 0.5);
  t.equal(bucketEnd(10), 1024);
});

t.test('the difference is of the time between alone', async (t) => {
  const counters = new Counters();
  for (let request = 0; request < 100; request++) {
    counters.answered(GETATTR);
    counters.took(GETATTR, 1000);
  }
  const earlier = readStatistics(counters.memory, OPCODES);
  counters.answered(GETATTR);
  counters.took(GETATTR, 0.003);
  counters.answered(READ);
  counters.failed(READ);
  counters.add(Count.chunkMisses, 3);
  const change = difference(readStatistics(counters.memory, OPCODES), earlier);
  t.match(change, {
    requests: { GETATTR: { count: 1, failures: 0 }, READ: { count: 1, failures: 1 } },
    chunk_store: { hits: 0, misses: 3 },
    failures: 1,
  });
  t.ok(change.requests.GETATTR!.p99! <= 4, 'the slow ones were before');
  t.equal(earlier.last_failure, null);
  t.ok(Math.abs(Date.now() - change.last_failure!) < 60_000);
  t.equal(quantile(sumOfDurations(Object.values(change.requests)), 1), 4);
});
