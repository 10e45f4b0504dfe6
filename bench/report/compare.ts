/** What changed between two reports. Only series that both have; a change counts where the ranges of the rounds lie apart. */
import { readFileSync } from 'node:fs';
import { BenchError } from '../errors.js';
import { isMoreBetter } from '../measure/series.js';
import { type Spread, spread } from '../measure/statistics.js';
import { numberText, spreadText } from './number-text.js';
import { FORMAT, FORMAT_VERSION, isSame, type Report } from './report.js';

/** Throws BenchError 'bad-report', or the system's error. */
export function readReport(file: string): Report {
  let found: Partial<Report>;
  try {
    found = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new BenchError('bad-report', `${file}: no JSON (${error.message}); expected a bench.json`);
  }
  if (found?.format !== FORMAT || found.version !== FORMAT_VERSION) {
    const is = `format ${found?.format}, version ${found?.version}`;
    throw new BenchError('bad-report', `${file}: ${is}; expected ${FORMAT}, version ${FORMAT_VERSION}`);
  }
  return found as Report;
}

/** As lines of Markdown. */
export function compare(before: Report, now: Report): string {
  const lines = [`# Since ${before.when}`, '', ...differences(before, now)];
  lines.push('| scenario | on | measure | subject | before | now | |', '|---|---|---|---|---|---|---|');
  for (const series of now.series) {
    const other = before.series.find((old) => isSame(old, series) && old.unit === series.unit);
    const [was, is] = [spreadOf(other?.values), spreadOf(series.values)];
    if (was === undefined || is === undefined) continue;
    const { scenario, on, measure, subject, unit } = series;
    const cells = [scenario, on, `${measure}, ${unit}`, subject, spreadText(was), spreadText(is)];
    lines.push(`| ${[...cells, verdict(was, is, isMoreBetter(unit))].join(' | ')} |`);
  }
  return `${lines.join('\n')}\n`;
}

const spreadOf = (values: readonly (number | null)[] | undefined): Spread | undefined => {
  const numbers = values?.filter((value) => value !== null) ?? [];
  return numbers.length === 0 ? undefined : spread(numbers);
};

function verdict(was: Spread, is: Spread, moreIsBetter: boolean): string {
  if (is.min <= was.max && was.min <= is.max) return 'no change beyond the noise';
  const isBetter = is.median > was.median === moreIsBetter;
  const times = isBetter === moreIsBetter ? is.median / was.median : was.median / is.median;
  return `${numberText(times)} times ${isBetter ? 'better' : 'worse'}`;
}

/** What keeps the two from being compared at all; said first. */
function differences(before: Report, now: Report): string[] {
  const facts = (report: Report): Record<string, string> => ({
    size: report.size,
    machine: `${report.machine.system}, ${report.machine.cores} × ${report.machine.processor}`,
    root: report.machine.root ? 'yes' : 'no',
    network: `${report.link.roundTrip} ms, ${report.link.bandwidth} MB/s`,
    ...report.versions,
  });
  const [old, other] = [facts(before), facts(now)];
  const lines = [...new Set([...Object.keys(old), ...Object.keys(other)])]
    .filter((name) => old[name] !== other[name])
    .map((name) => `- ${name}: ${old[name] ?? 'absent'}, now ${other[name] ?? 'absent'}`);
  return lines.length === 0 ? [] : ['Not the same:', '', ...lines, ''];
}
