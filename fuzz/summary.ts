/** What a run came to, as Markdown. */
import type { Campaign, TargetTotals } from './campaign.js';
import { linesByFolder } from './line-coverage.js';

const grouped = (value: number): string => Math.round(value).toLocaleString('en-US');

/** Executions a second are of one thread. */
export function summary({ totals, seen }: Campaign): string {
  const rows = [...totals].map(([target, total]) => row(target, total));
  const all = [...totals.values()].reduce(add, {
    executions: 0,
    time: 0,
    corpus: 0,
    refusals: 0,
    findings: 0,
  });
  const folders = [...linesByFolder(seen)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([folder, { lines, executed }]) => {
      const percent = ((100 * executed) / lines).toFixed(1);
      return `| src/${folder} | ${grouped(lines)} | ${grouped(executed)} | ${percent} % |`;
    });
  return [
    '| target | executions | a second and thread | inputs kept | operations refused | findings |',
    '|---|--:|--:|--:|--:|--:|',
    ...rows,
    row('all', all),
    '',
    '| folder | lines of code | executed | |',
    '|---|--:|--:|--:|',
    ...folders,
  ].join('\n');
}

function row(name: string, { executions, time, corpus, refusals, findings }: TargetTotals): string {
  const rate = time === 0 ? 0 : (executions * 1000) / time;
  return `| ${[name, ...[executions, rate, corpus, refusals, findings].map(grouped)].join(' | ')} |`;
}

function add(
  sum: TargetTotals,
  { executions, time, corpus, refusals, findings }: TargetTotals,
): TargetTotals {
  return {
    executions: sum.executions + executions,
    time: sum.time + time,
    corpus: sum.corpus + corpus,
    refusals: sum.refusals + refusals,
    findings: sum.findings + findings,
  };
}
