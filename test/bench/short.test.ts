/** Every scenario of the benchmarks works on this machine, with whatever is here; no time is asserted. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Report } from '../../bench/report/report.js';
import { SCENARIOS } from '../../bench/scenarios/all.js';
import { noMkfs } from '../support/make-image.js';
import { dist } from '../support/paths.js';
import { describeRun, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const main = join(dist, 'bench', 'main.js');

t.test('--short: all scenarios', { skip: noMkfs ?? false }, async (t) => {
  const folder = scratch.folder();
  const words = ['--short', '--images', join(folder, 'images'), '--output', join(folder, 'report')];
  const environment = { TMPDIR: folder };
  const ended = await run(process.execPath, [main, ...words], { limit: 230, environment });
  t.equal(ended.status, 0, describeRun(ended));
  const read = (name: string): string => readFileSync(join(folder, 'report', name), 'utf8');
  const report = JSON.parse(read('bench.json')) as Report;
  t.strictSame(report.failures, []);
  const ran = new Set(report.series.map(({ scenario }) => scenario));
  t.strictSame(
    SCENARIOS.map(({ name }) => name).filter((name) => !ran.has(name)),
    [],
    'each has values',
  );
  t.ok(
    report.series.every(({ values }) => values.every((value) => value !== null && value >= 0)),
    'in each round',
  );
  t.match(ended.stdout, /## ls: `ls -lR` of all files/);
  t.equal(read('bench.md').trim(), ended.stdout.trim());
  t.match(read('bench.html'), /^<!doctype html>/);
});

t.test('what is wrong with the command line', async (t) => {
  const ended = await run(process.execPath, [main, '--scenario', 'absent']);
  t.equal(ended.status, 2);
  t.match(ended.stderr, /^bench: scenario absent: expected one of /);
  t.notMatch(ended.stderr, /^\s+at /m, 'no stack');
});
