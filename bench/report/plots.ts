/** One bar chart for each measure of a contest, as Chart.js is told of it: a bar the median, a thin one minimum to maximum. */
import type { ChartConfiguration } from 'chart.js';
import { isMoreBetter } from '../measure/series.js';
import { spread } from '../measure/statistics.js';
import type { Report } from './report.js';
import { measuresOf, subjectsOf } from './tables.js';

export interface Plot {
  readonly scenario: string;
  readonly configuration: ChartConfiguration<'bar', (number | [number, number])[]>;
}

/** The first subject, and in turn the others. */
const COLOURS = ['#c2410c', '#1d4ed8', '#15803d', '#7e22ce', '#0e7490', '#525252', '#a16207'];
const RANGE_COLOUR = '#111827';

export function plots(report: Report): Plot[] {
  return report.contests.flatMap((contest) =>
    measuresOf(report, contest).flatMap(([measure, all]) => {
      const series = all.filter(({ values }) => values.some((value) => value !== null));
      if (series.length === 0) return [];
      const spreads = series.map(({ values }) => spread(values.filter((value) => value !== null)));
      const { unit } = series[0]!;
      // a subject has the same colour in all of a scenario
      const subjects = subjectsOf(report, contest.scenario);
      const direction = isMoreBetter(unit) ? 'more is better' : 'less is better';
      return [
        {
          scenario: contest.scenario,
          configuration: {
            type: 'bar',
            data: {
              labels: series.map(({ subject }) => subject),
              datasets: [
                {
                  label: `minimum to maximum, ${unit}`,
                  data: spreads.map(({ min, max }): [number, number] => [min, max]),
                  backgroundColor: RANGE_COLOUR,
                  barThickness: 3,
                  // over the medians, not beside them
                  grouped: false,
                },
                {
                  label: `median, ${unit}`,
                  data: spreads.map(({ median }) => median),
                  backgroundColor: series.map(
                    ({ subject }) => COLOURS[subjects.indexOf(subject) % COLOURS.length]!,
                  ),
                  barThickness: 16,
                  grouped: false,
                },
              ],
            },
            options: {
              indexAxis: 'y',
              animation: false,
              maintainAspectRatio: false,
              plugins: {
                legend: { display: false },
                title: { display: true, text: [`${contest.on}: ${measure}`, `${unit}, ${direction}`] },
              },
              scales: { x: { beginAtZero: true } },
            },
          },
        },
      ];
    }),
  );
}
