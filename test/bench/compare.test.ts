import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { compare, readReport } from '../../bench/report/compare.js';
import { sampleReport, series } from './report-sample.js';

const report = (values: readonly number[], subject = 'erofs mount') =>
  sampleReport({ series: [series('cold', subject, values)] });

t.test('a change counts where the ranges lie apart', async (t) => {
  const last = (before: readonly number[], now: readonly number[]) =>
    compare(report(before), report(now)).trimEnd().split('| ').at(-1);
  t.equal(last([4, 5, 6], [1, 2.5, 3]), '2.00 times better |');
  t.equal(last([1, 2.5, 3], [4, 5, 6]), '2.00 times worse |');
  t.equal(last([1, 2, 4], [3, 5, 6]), 'no change beyond the noise |');
  t.match(compare(report([1]), report([1], 'erofsfuse')), /\| \|\n\|(---\|)+\n$/, 'only what both have');
});

t.test('more MB/s is better', async (t) => {
  const speed = (value: number) =>
    sampleReport({ series: [{ ...series('cold', 'erofs mount', [value]), unit: 'MB/s' }] });
  t.match(compare(speed(100), speed(300)), /3\.00 times better/);
  t.match(compare(speed(300), speed(100)), /3\.00 times worse/);
});

t.test('what is not the same is said', async (t) => {
  t.notMatch(compare(report([1]), report([1])), /Not the same/);
  const other = sampleReport({ size: 'quick', versions: { node: 'v20', fio: '3' } });
  const text = compare(sampleReport(), other);
  t.match(text, /- size: full, now quick\n/);
  t.match(text, /- erofsfuse: 1\.9, now absent\n/);
  t.match(text, /- fio: absent, now 3\n/);
});

t.test('files that are no report', async (t) => {
  const folder = t.testdir({ 'no.json': 'no', 'other.json': '{"format":"x"}', 'null.json': 'null' });
  for (const name of ['no.json', 'other.json', 'null.json']) {
    t.throws(() => readReport(join(folder, name)), { code: 'bad-report', message: new RegExp(name) }, name);
  }
  t.throws(() => readReport(join(folder, 'absent.json')), { code: 'ENOENT' });
  const good = join(folder, 'good.json');
  writeFileSync(good, JSON.stringify(sampleReport()));
  t.strictSame(readReport(good), sampleReport());
});
