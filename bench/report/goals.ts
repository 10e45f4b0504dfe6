/** What this program is to reach beside its rivals, and whether a run shows it. Only said, never a failure: machines differ. */
import { OWN } from '../baselines/baseline.js';
import { VARIANTS } from '../images/variants.js';
import { ratio } from '../measure/ratios.js';
import type { Series } from '../measure/series.js';
import { median } from '../measure/statistics.js';
import { numberText } from './number-text.js';
import type { Report } from './report.js';

export type Limit =
  /** so many times as good as the rival, by the ratios within rounds */
  | { readonly times: number; readonly rival: string }
  /** so much more than the rival at most, in the unit of the measure */
  | { readonly above: number; readonly rival: string }
  /** so much at most, in the unit of the measure */
  | { readonly most: number };

export interface Goal {
  readonly scenario: string;
  readonly on: string;
  readonly measure: string;
  readonly limit: Limit;
}

const [LARGE, SMALL, PLAIN] = [VARIANTS['lz4hc-64k'].title, VARIANTS['lz4hc-4k'].title, VARIANTS.plain.title];
const [FUSE, KERNEL] = ['erofsfuse', 'kernel erofs'];

const goal = (scenario: string, on: string, measure: string, limit: Limit): Goal => ({
  scenario,
  on,
  measure,
  limit,
});

export const GOALS: readonly Goal[] = [
  goal('first-answer', LARGE, 'new mount', { above: 0.3, rival: KERNEL }),
  goal('ls', LARGE, 'cold', { times: 3, rival: FUSE }),
  goal('ls', LARGE, 'warm', { times: 8, rival: FUSE }),
  goal('ls', LARGE, 'warm', { times: 1 / 1.3, rival: KERNEL }),
  goal('tar', LARGE, 'cold', { times: 2.5, rival: FUSE }),
  goal('tar', LARGE, 'warm', { times: 4, rival: FUSE }),
  goal('sequential', LARGE, 'cold', { times: 1.25, rival: FUSE }),
  goal('sequential', SMALL, 'cold', { times: 1.25, rival: FUSE }),
  goal('sequential', PLAIN, 'cold', { times: 0.9, rival: FUSE }),
  goal('sequential', LARGE, 'warm', { times: 1 / 1.1, rival: KERNEL }),
  goal('random-4k', LARGE, 'cold', { times: 4, rival: FUSE }),
  goal('resources', LARGE, 'resident at most', { most: 200 }),
];

/** "ls, LZ4HC 64 KiB, cold: 3 times as good as erofsfuse or more: reached (3.4)". Without goals whose scenario was not run. */
export function goalLines(report: Report, goals: readonly Goal[] = GOALS): string[] {
  const ran = new Set(report.contests.map(({ scenario }) => scenario));
  return goals
    .filter(({ scenario }) => ran.has(scenario))
    .map((each) => {
      const { scenario, on, measure, limit } = each;
      return `${scenario}, ${on}, ${measure}: ${limitText(limit)}: ${verdict(report, each)}`;
    });
}

function limitText(limit: Limit): string {
  if ('times' in limit) return `${numberText(limit.times)} times as good as ${limit.rival} or more`;
  if ('above' in limit) return `${numberText(limit.above)} above ${limit.rival} or less`;
  return `${numberText(limit.most)} or less`;
}

function verdict(report: Report, { scenario, on, measure, limit }: Goal): string {
  const of = (subject: string): Series | undefined =>
    report.series.find(
      (series) =>
        series.scenario === scenario &&
        series.on === on &&
        series.measure === measure &&
        series.subject === subject,
    );
  const own = of(OWN);
  const rival = 'rival' in limit ? of(limit.rival) : own;
  if (own === undefined || rival === undefined) return 'not measured here';
  const value = measured(limit, own, rival);
  if (value === undefined) return 'not measured here';
  const isReached =
    'times' in limit ? value >= limit.times : value <= ('above' in limit ? limit.above : limit.most);
  return `${isReached ? 'reached' : 'missed'} (${numberText(value)})`;
}

function measured(limit: Limit, own: Series, rival: Series): number | undefined {
  if ('times' in limit) return ratio(own, rival)?.median;
  const differences = own.values.flatMap((value, round) => {
    const other = 'above' in limit ? rival.values[round] : 0;
    return value === null || other === null || other === undefined ? [] : [value - other];
  });
  return differences.length === 0 ? undefined : median(differences);
}
