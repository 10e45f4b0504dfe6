/** One table a scenario: a row for each image and measure, a column for each subject. */
import { ratio } from '../measure/ratios.js';
import type { Series } from '../measure/series.js';
import { spread } from '../measure/statistics.js';
import { numberText, spreadText } from './number-text.js';
import type { ContestRecord, Report } from './report.js';

export interface Table {
  readonly scenario: string;
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What the cells mean; to be shown above them. */
export const LEGEND =
  'Each cell is the median of the rounds with minimum and maximum, and behind × how many times better the first ' +
  'column is, by the medians of the ratios within each round; below 1 it is worse.';

const NOTHING = '–';

export function tables(report: Report): Table[] {
  return [...new Set(report.contests.map(({ scenario }) => scenario))].map((scenario) => {
    const contests = report.contests.filter((contest) => contest.scenario === scenario);
    const subjects = subjectsOf(report, scenario);
    return {
      scenario,
      title: report.titles[scenario] ?? scenario,
      head: ['on', 'measure', ...subjects],
      rows: contests.flatMap((contest) => rowsOf(report, contest, subjects)),
    };
  });
}

/** Of all contests of a scenario, those of the first one first. */
export const subjectsOf = ({ contests }: Report, scenario: string): string[] => [
  ...new Set(contests.flatMap((contest) => (contest.scenario === scenario ? contest.subjects : []))),
];

function rowsOf(report: Report, contest: ContestRecord, subjects: readonly string[]): string[][] {
  return measuresOf(report, contest).map(([measure, series]) => {
    const of = (subject: string): Series | undefined => series.find((found) => found.subject === subject);
    const first = of(contest.subjects[0]!);
    const cells = subjects.map((subject) => cell(of(subject), first));
    return [contest.on, `${measure}, ${series[0]!.unit}`, ...cells];
  });
}

/** The measures of a contest in the order in which they were first met, each with its series. */
export function measuresOf(report: Report, { scenario, on }: ContestRecord): [measure: string, Series[]][] {
  const found = new Map<string, Series[]>();
  for (const series of report.series) {
    if (series.scenario !== scenario || series.on !== on) continue;
    const { measure } = series;
    found.set(measure, [...(found.get(measure) ?? []), series]);
  }
  return [...found];
}

function cell(series: Series | undefined, first: Series | undefined): string {
  const values = series?.values.filter((value) => value !== null) ?? [];
  if (series === undefined || values.length === 0) return NOTHING;
  const times = first === undefined || first === series ? undefined : ratio(first, series);
  return spreadText(spread(values)) + (times === undefined ? '' : ` ×${numberText(times.median)}`);
}
