import t from 'tap';
import { ratio } from '../../bench/measure/ratios.js';
import type { Unit } from '../../bench/measure/series.js';
import { median, percentile, spread } from '../../bench/measure/statistics.js';

t.test('median', async (t) => {
  t.equal(median([7]), 7);
  t.equal(median([9, 1, 10]), 9, 'by value, not by place and not by text');
  t.equal(median([1, 10, 2, 100]), 6, 'the mean of the middle two');
  t.throws(() => median([]), RangeError);
});

t.test('spread', async (t) => {
  const values = [3, 1, 2, 10];
  t.strictSame(spread(values), { median: 2.5, min: 1, max: 10 });
  t.strictSame(values, [3, 1, 2, 10], 'the values stay in the order of the rounds');
});

t.test('percentile', async (t) => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  t.equal(percentile(hundred, 0.5), 50);
  t.equal(percentile(hundred, 0.95), 95);
  t.equal(percentile(hundred, 0.99), 99);
  t.equal(percentile(hundred, 1), 100);
  t.equal(percentile([1, 2, 3], 0.95), 3, 'of few values the largest');
});

t.test('ratio: how many times better, round by round', async (t) => {
  const of = (unit: Unit, values: readonly (number | null)[]) => ({
    scenario: '',
    on: '',
    measure: '',
    subject: '',
    unit,
    values,
  });
  t.strictSame(
    ratio(of('s', [1, 2, 4]), of('s', [3, 8, 4])),
    { median: 3, min: 1, max: 4 },
    'half the time is twice as good; the ratio of the medians would be 2',
  );
  t.strictSame(ratio(of('MB/s', [100]), of('MB/s', [50])), { median: 2, min: 2, max: 2 }, 'more is better');
  t.strictSame(
    ratio(of('s', [1, null, 1]), of('s', [2, 2, null])),
    { median: 2, min: 2, max: 2 },
    'only rounds that both have',
  );
  t.equal(ratio(of('s', [null]), of('s', [1])), undefined);
  t.equal(ratio(of('s', [0]), of('s', [0])), undefined, 'nothing by nothing is no ratio');
  t.equal(ratio(of('s', [1]), of('MB/s', [1])), undefined, 'of different things');
});
