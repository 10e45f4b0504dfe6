import { spawnSync } from 'node:child_process';
import t from 'tap';
import { goalLines } from '../../bench/report/goals.js';
import { html } from '../../bench/report/html.js';
import { markdown } from '../../bench/report/markdown.js';
import { numberText, spreadText } from '../../bench/report/number-text.js';
import { plots } from '../../bench/report/plots.js';
import { tables } from '../../bench/report/tables.js';
import { sampleReport, series } from './report-sample.js';

t.test('numbers have three significant digits', async (t) => {
  const texts = [0, 1, 1.2345, 0.00012345, 12.345, 1234.5, 98_765_432, -0.5].map(numberText);
  t.strictSame(texts, ['0', '1.00', '1.23', '0.000123', '12.3', '1235', '98765432', '-0.500']);
  t.equal(spreadText({ median: 2, min: 1, max: 3 }), '2.00 (1.00–3.00)');
  t.equal(spreadText({ median: 2, min: 2, max: 2.001 }), '2.00');
});

t.test('a row for each measure, a column for each subject, ratios by rounds', async (t) => {
  t.strictSame(tables(sampleReport()), [
    {
      scenario: 'ls',
      title: '`ls -lR` of all files',
      head: ['on', 'measure', 'erofs mount', 'erofsfuse', 'kernel erofs'],
      rows: [
        [
          'LZ4HC 64 KiB',
          'cold, s',
          '2.00 (1.00–3.00)',
          // 4, 2 and 3 times as long
          '4.00 (4.00–9.00) ×3.00',
          '0.500 ×0.500',
        ],
        ['LZ4HC 64 KiB', 'warm, s', '0.100', '0.100 (0.0500–0.200) ×1.00', '–'],
      ],
    },
  ]);
});

t.test('Markdown says all of it: figures, failures, what is absent, versions, machine', async (t) => {
  const text = markdown(sampleReport());
  for (const part of [
    '| LZ4HC 64 KiB | warm, s | 0.100 | 0.100 (0.0500–0.200) ×1.00 | – |',
    '- ls, LZ4HC 64 KiB, kernel erofs, round 2: it said no',
    '- rclone: not installed',
    '- erofsfuse: 1.9',
    'a <fast> one',
  ]) {
    t.ok(text.includes(part), part);
  }
  t.notMatch(text, /was busy/);
  const { machine } = sampleReport();
  t.match(markdown(sampleReport({ machine: { ...machine, load: 3 } })), /was busy/);
});

t.test('goals: reached, missed, not measured', async (t) => {
  const goal = { scenario: 'ls', on: 'LZ4HC 64 KiB', measure: 'cold' };
  const lines = goalLines(sampleReport(), [
    { ...goal, limit: { times: 3, rival: 'erofsfuse' } },
    { ...goal, limit: { times: 3.1, rival: 'erofsfuse' } },
    { ...goal, limit: { above: 0.4, rival: 'kernel erofs' } },
    { ...goal, limit: { most: 2 } },
    { ...goal, limit: { times: 2, rival: 'nobody' } },
    { ...goal, scenario: 'tar', limit: { most: 2 } },
  ]);
  t.strictSame(
    lines.map((line) => line.split(': ').at(-1)),
    ['reached (3.00)', 'missed (3.00)', 'missed (0.500)', 'reached (2.00)', 'not measured here'],
  );
  t.equal(lines[0], 'ls, LZ4HC 64 KiB, cold: 3.00 times as good as erofsfuse or more: reached (3.00)');
});

t.test('a plot for each measure: medians, and from minimum to maximum', async (t) => {
  const [cold, warm, ...more] = plots(sampleReport()).map(({ configuration }) => configuration.data);
  t.strictSame(more, []);
  t.strictSame(cold!.labels, ['erofs mount', 'erofsfuse', 'kernel erofs']);
  t.strictSame(
    cold!.datasets.map(({ data }) => data),
    [
      [
        [1, 3],
        [4, 9],
        [0.5, 0.5],
      ],
      [2, 4, 0.5],
    ],
  );
  t.strictSame(warm!.labels, ['erofs mount', 'erofsfuse']);
});

t.test(
  'HTML stands alone: the library is in it, nothing is fetched, no string of a report ends a script',
  async (t) => {
    const hostile = '</script><img src=x>';
    const text = html(
      sampleReport({
        contests: [{ scenario: 'ls', on: 'LZ4HC 64 KiB', subjects: [hostile] }],
        series: [series('cold', hostile, [1, 2, 3])],
      }),
    );
    t.notMatch(text, /<(script|link|img)[^>]*\b(src|href)=/, 'no element that fetches');
    t.notMatch(text, /@import|sourceMappingURL/);
    t.match(text, /a &lt;fast&gt; one/);
    const scripts = [...text.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((found) => found[1]!);
    t.equal(scripts.length, 2);
    t.match(scripts[0], /Chart\.js v4/);
    // as a browser runs them, with a document that notes what is asked of it
    const program = `${scripts[0]}
    const made = [];
    const document = { getElementById: (id) => id };
    { const Chart = class { constructor(at, { data }) { made.push([at, data.labels]); } }; ${scripts[1]} }
    console.log(JSON.stringify(made));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['-'], { input: program, encoding: 'utf8' });
    t.equal(stdout, `${JSON.stringify([['plot-0', [hostile]]])}\n`, stderr);
  },
);
