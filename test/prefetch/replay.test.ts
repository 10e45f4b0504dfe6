import t from 'tap';
import { mergeRanges } from '../../src/prefetch/merge-ranges.js';
import { replayTrace } from '../../src/prefetch/replay.js';
import { several } from '../../src/prefetch/several.js';
import { Random } from '../support/random.js';
import { imageBytes } from '../support/superblock.js';
import { CHUNK, openGated } from './gated-remote.js';

const bytes = imageBytes('plain');
const BLOB = { id: 'gated 1', size: bytes.length };

const range = (first: number, count = 1, blob = 0) => ({
  blob,
  offset: first * CHUNK,
  length: count * CHUNK,
});

t.test('what a trace says is fetched in few requests, and what is here is not', async (t) => {
  const { blob, image, source } = await openGated(t, bytes, { parallelAhead: 1 });
  await source.read([range(60, 2)]);
  blob.asked.length = 0;
  const ranges = [range(100), range(60), range(98), range(5), range(101, 2)];
  await replayTrace(image, { name: 'x', blobs: [BLOB], ranges }, (problem) => t.fail(problem.message));
  t.match(
    blob.asked.map(({ offset, length }) => [offset / CHUNK, length / CHUNK]),
    [
      [5, 1],
      [98, 5],
    ],
  );
  t.ok(blob.asked.every(({ options }) => options.background === true));
});

t.test('where all of it is here, nobody is asked, nor refuses', async (t) => {
  const here = {
    ...BLOB,
    name: 'here',
    chunkSize: CHUNK,
    counters: { bytesFetched: 0 },
    isHere: () => true,
    prefetch: () => Promise.reject(new Error('the network may not be used')),
    flush: () => Promise.resolve(),
  };
  const trace = { name: 'x', blobs: [BLOB], ranges: [range(1), range(9)] };
  await t.resolves(replayTrace({ blobs: [here] }, trace, (problem) => t.fail(problem.message)));
});

t.test('ranges of another version are left, and told', async (t) => {
  const { blob, image } = await openGated(t, bytes);
  const problems: Error[] = [];
  const trace = {
    name: 'x',
    blobs: [{ id: 'gated 2', size: bytes.length }, BLOB],
    ranges: [range(100), range(110, 1, 1)],
  };
  await replayTrace(image, trace, (problem) => problems.push(problem));
  t.match(problems, [{ code: 'other-image', message: /^x: it is a trace of gated 2,/ }]);
  t.match(
    blob.asked.map(({ offset }) => offset / CHUNK),
    [110],
  );
});

t.test('what was read first comes first', async (t) => {
  const far = new Random(3).bytes(8 << 20);
  far.set(bytes.subarray(0, 1 << 20));
  const { blob, image } = await openGated(t, far, { parallelAhead: 1 });
  const MIB = (1 << 20) / CHUNK;
  const ranges = [range(6 * MIB, MIB), range(4 * MIB, MIB), range(2 * MIB, MIB), range(5 * MIB, MIB)];
  const trace = { name: 'x', blobs: [{ ...BLOB, size: far.length }], ranges };
  await replayTrace(image, trace, (problem) => t.fail(problem.message));
  t.match(
    blob.asked.map(({ offset, length }) => [offset / 2 ** 20, length / 2 ** 20]),
    [
      [6, 1],
      [2, 1],
      [4, 1],
      [5, 1],
    ],
    'the first window is of one MiB, the second of two, in each by place',
  );
});

t.test('ranges are merged', async (t) => {
  const of = (...pairs: [number, number][]) => pairs.map(([offset, length]) => ({ offset, length }));
  t.same(mergeRanges(of([50, 10], [0, 10], [12, 5], [5, 30], [60, 1], [90, 0]), 5), of([0, 35], [50, 11]));
  t.same(mergeRanges(of([0, 10], [15, 1]), 4), of([0, 10], [15, 1]));
  t.same(mergeRanges(of([0, 100], [10, 5]), 0), of([0, 100]));
  t.same(mergeRanges([], 5), []);
});

t.test('several at a time, in order; none is begun behind a failure', async (t) => {
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  await several([1, 2, 3, 4, 5], 2, undefined, async (item) => {
    begun.push(item);
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
  });
  t.same(begun, [1, 2, 3, 4, 5]);
  t.equal(most, 2);
  begun.length = 0;
  const failing = several([1, 2, 3, 4, 5], 2, undefined, async (item) => {
    begun.push(item);
    if (item === 1) throw new Error('no');
    running++;
    await new Promise((resolve) => setImmediate(resolve));
    running--;
  });
  await t.rejects(failing, { message: 'no' });
  t.same(begun, [1, 2]);
  t.equal(running, 0, 'what was begun has ended');
  const signal = AbortSignal.abort(new Error('enough'));
  await t.rejects(
    several([1], 1, signal, async () => void t.fail('begun')),
    { message: 'enough' },
  );
});
