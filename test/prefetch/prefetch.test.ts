import t from 'tap';
import { OptionWords } from '../../src/options/long-option.js';
import type { PrefetchPlan } from '../../src/prefetch/plan.js';
import { Prefetch } from '../../src/prefetch/prefetch.js';
import { prefetchSpec } from '../../src/prefetch/prefetch-options.js';
import { RemoteError } from '../../src/remote/remote-blob.js';
import { imageBytes } from '../support/superblock.js';
import { forbid, openGated } from './gated-remote.js';

const bytes = imageBytes('plain');
const budget = bytes.length;
const plan = (amount: PrefetchPlan['amount'], more: Partial<PrefetchPlan> = {}): PrefetchPlan => ({
  traces: [],
  paths: [],
  amount,
  ...more,
});

t.test('traces, paths, then the rest; nothing twice', async (t) => {
  const { blob, store, source, image } = await openGated(t, bytes, { parallelAhead: 1 });
  const offset = bytes.length - 8192;
  const trace = {
    name: 'x',
    blobs: [{ id: source.id, size: source.size }],
    ranges: [{ blob: 0, offset, length: 4096 }],
  };
  const paths = [Buffer.from('data/text.bin')];
  const prefetch = new Prefetch(image, plan('all', { traces: [trace], paths }), {
    budget,
    report: (problem) => t.fail(problem.message),
  });
  t.equal(prefetch.doing, 'traces');
  await prefetch.ended;
  t.equal(prefetch.doing, undefined);
  t.equal(blob.asked[0]!.offset, offset - (offset % 4096));
  t.equal(store.puts, store.chunks.size);
  t.ok(source.isHere(0, source.size));
});

t.test('a network that is out of order is told of once, and tried again ever later', async (t) => {
  const { blob, source, image } = await openGated(t, bytes);
  const problems: Error[] = [];
  const pauses: number[] = [];
  blob.open = false;
  blob.onAsked = (asked) => asked.end(new RemoteError('unreachable', 'no answer'));
  const prefetch = new Prefetch(image, plan('all'), {
    budget,
    report: (problem) => problems.push(problem),
    pause: async (failures) => {
      pauses.push(failures);
      blob.open = failures === 3;
    },
  });
  await prefetch.ended;
  t.same(pauses, [1, 2, 3]);
  t.match(problems, [{ message: 'no answer' }]);
  t.equal(problems.length, 1);
  t.ok(source.isHere(0, source.size));
});

t.test('what trying again does not cure is told, and the next thing is done', async (t) => {
  const { blob, image } = await openGated(t, bytes);
  const problems: Error[] = [];
  blob.open = false;
  blob.onAsked = (asked) => asked.end(new RemoteError('stale', 'another version'));
  const options = {
    budget,
    report: (problem: Error) => problems.push(problem),
    pause: async () => {
      t.fail('paused');
      prefetch.stop();
    },
  };
  const prefetch: Prefetch = new Prefetch(image, plan('all'), options);
  await prefetch.ended;
  t.match(problems, [{ code: 'stale' }, { code: 'stale' }], 'of metadata, and of all');
});

t.test('no more than the cache may take', async (t) => {
  const { source, image } = await openGated(t, bytes);
  const problems: Error[] = [];
  await new Prefetch(image, plan('all'), { budget: budget - 1, report: (problem) => problems.push(problem) })
    .ended;
  t.match(problems, [{ code: 'cache-too-small' }]);
  t.notOk(source.isHere(0, source.size));
});

t.test('stopping ends it, in a pause, too', async (t) => {
  const { blob, image } = await openGated(t, bytes);
  blob.open = false;
  blob.onAsked = (asked) => asked.end(new RemoteError('unreachable', 'no answer'));
  const problems: Error[] = [];
  const prefetch: Prefetch = new Prefetch(image, plan('metadata'), {
    budget,
    report: (problem) => {
      problems.push(problem);
      setImmediate(() => prefetch.stop());
    },
  });
  await prefetch.ended;
  t.equal(problems.length, 1);
});

t.test('where all is here, or nothing is wanted, nothing is done', async (t) => {
  const { blob, source, image } = await openGated(t, bytes);
  const report = (problem: Error) => t.fail(problem.message);
  forbid(t, blob);
  await new Prefetch(image, plan('none'), { budget, report }).ended;
  blob.open = true;
  await new Prefetch(image, plan('all'), { budget, report }).ended;
  t.ok(source.isHere(0, source.size));
  forbid(t, blob);
  const again = new Prefetch(image, plan('all'), { budget, report });
  t.equal(again.doing, undefined);
  await again.ended;
});

t.test('the options', async (t) => {
  const parse = (given: Record<string, string[]>) =>
    prefetchSpec(new OptionWords(new Map(Object.entries(given)), (name) => `--${name}`));
  t.strictSame(parse({}), { traceFiles: [] });
  t.strictSame(parse({ prefetch: ['/t', 'all'], 'prefetch-list': ['/l'], record: ['/r'] }), {
    amount: 'all',
    traceFiles: ['/t'],
    listFile: '/l',
    recordFile: '/r',
  });
  t.match(parse({ prefetch: ['./all'] }), { traceFiles: [/^\/.*\/all$/] });
  t.throws(() => parse({ prefetch: ['all', 'none'] }), {
    code: 'usage',
    message: /^--prefetch all and none:/,
  });
});
