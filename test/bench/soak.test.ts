/** What tells a soak that grows from one that does not, and a short one for real. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { growth, type SoakReport } from '../../bench/soak/report.js';
import type { Sample } from '../../bench/soak/samples.js';
import { trend } from '../../bench/soak/trend.js';
import { devFuseRoot } from '../support/front-end.js';
import { noMkfs } from '../support/make-image.js';
import { dist } from '../support/paths.js';
import { describeRun, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const bounds = { warmUp: 600, slope: 10 };

/** An hour of samples, ten seconds apart. */
const hour = (of: (seconds: number) => Partial<Sample>): Sample[] =>
  Array.from({ length: 361 }, (_, n) => ({
    ...{
      seconds: n * 10,
      resident: 180,
      anonymous: 130,
      heap: 9,
      external: 10,
      descriptors: 30,
      threads: 13,
    },
    ...of(n * 10),
  }));

t.test('a straight line', async (t) => {
  t.match(trend([0, 1800, 3600], [1, 2, 3]), { slope: 2, least: 1, most: 3, last: 3 });
  t.equal(trend([0, 10, 20, 30], [5, 7, 7, 5])?.slope, 0);
  t.equal(trend([1], [1]), undefined);
  t.equal(trend([1, 1], [1, 2]), undefined, 'of one moment');
});

t.test('what grows and what does not', async (t) => {
  t.same(
    growth(
      hour(() => ({})),
      bounds,
    ),
    [],
  );
  const sawtooth = hour((seconds) => ({ resident: 170 + ((seconds / 10) % 12) }));
  t.same(growth(sawtooth, bounds), []);
  const filling = hour((seconds) => ({ resident: seconds < 600 ? seconds / 4 : 150 }));
  t.same(growth(filling, bounds), [], 'caches fill in the beginning');
  t.match(
    growth(
      hour((seconds) => ({ resident: 150 + seconds / 200 })),
      bounds,
    ),
    [/^resident memory grows by 18.0 MiB/],
  );
  t.match(
    growth(
      hour((seconds) => ({ descriptors: seconds > 2000 ? 31 : 30 })),
      bounds,
    ),
    [/^descriptors grew from 30 to 31/],
  );
  t.match(growth([], bounds), [/^no samples/]);
});

t.test('a short one', { skip: devFuseRoot.missing ?? noMkfs ?? false }, async (t) => {
  const folder = scratch.folder();
  const seconds = process.env.SOAK_SECONDS ?? '4';
  const words = [
    '--seconds',
    seconds,
    '--files',
    '300',
    '--pause',
    '0',
    '--warm-up',
    '1',
    '--images',
    folder,
    '--output',
    folder,
  ];
  const ended = await run(process.execPath, [join(dist, 'bench', 'soak', 'main.js'), ...words], {
    limit: 200,
    environment: { TMPDIR: folder },
  });
  t.equal(ended.status, 0, describeRun(ended));
  const report = JSON.parse(readFileSync(join(folder, 'soak.json'), 'utf8')) as SoakReport;
  t.same(report.failures, []);
  t.ok(
    report.rounds > 0 && report.names > 300 * report.rounds,
    `${report.rounds} rounds, ${report.names} names`,
  );
  t.ok(report.samples.length >= 3 && report.samples.every(({ resident }) => resident > 10));
  t.ok((report.trends.heap?.last ?? 0) > 1, 'the heap is told');
  t.match(readFileSync(join(folder, 'soak.html'), 'utf8'), /^<!doctype html>[\s\S]*plot-0/);
});
