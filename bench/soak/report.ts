/** What a soak found: whether anything grows, as JSON, as Markdown, and as an HTML file with the curve. */
import { join } from 'node:path';
import { writeWhole } from '../../src/system/atomic-file.js';
import { numberText } from '../report/number-text.js';
import { page, plottingScript, text } from '../report/page.js';
import type { Sample } from './samples.js';
import { type Trend, trend } from './trend.js';

export interface Bounds {
  /** seconds at the beginning that do not count: caches fill, and V8 compiles */
  readonly warmUp: number;
  /** MiB an hour that resident memory may grow by */
  readonly slope: number;
}

export interface SoakReport {
  readonly when: string;
  readonly system: string;
  readonly image: string;
  readonly words: readonly string[];
  readonly seconds: number;
  readonly rounds: number;
  readonly names: number;
  readonly bounds: Bounds;
  readonly trends: Readonly<Record<string, Trend>>;
  readonly failures: readonly string[];
  readonly samples: readonly Sample[];
}

const FIGURES = ['resident', 'anonymous', 'heap', 'external', 'descriptors', 'threads'] as const;
/** Samples of the least time that a slope is told of: a line through a minute of sawteeth says nothing of an hour. */
const SHORTEST = 600;

export function trendsOf(samples: readonly Sample[], { warmUp }: Bounds): Record<string, Trend> {
  const found: Record<string, Trend> = {};
  for (const figure of FIGURES) {
    const settled = samples.filter(
      ({ seconds, [figure]: value }) => seconds >= warmUp && value !== undefined,
    );
    const times = settled.map(({ seconds }) => seconds);
    const line = trend(
      times,
      settled.map(({ [figure]: value }) => value!),
    );
    if (line !== undefined) found[figure] = line;
  }
  return found;
}

/** What grew, each in a line; [] where nothing did. */
export function growth(samples: readonly Sample[], bounds: Bounds): string[] {
  const { resident, descriptors, threads } = trendsOf(samples, bounds);
  if (resident === undefined || descriptors === undefined || threads === undefined) {
    return [`no samples behind the warm-up of ${bounds.warmUp} s; let it run longer`];
  }
  const failures: string[] = [];
  const seconds = samples.at(-1)!.seconds - bounds.warmUp;
  if (seconds >= SHORTEST && resident.slope > bounds.slope) {
    failures.push(
      `resident memory grows by ${resident.slope.toFixed(1)} MiB an hour, expected ${bounds.slope} at most`,
    );
  }
  for (const [name, { least, last }] of Object.entries({ descriptors, threads })) {
    if (last > least) failures.push(`${name} grew from ${least} to ${last}`);
  }
  return failures;
}

export function markdown(report: SoakReport): string {
  const { seconds, rounds, names, trends, failures } = report;
  const rows = Object.entries(trends).map(
    ([name, { least, most, last, slope }]) =>
      `| ${name} | ${numberText(least)} | ${numberText(most)} | ${numberText(last)} | ${slope.toFixed(2)} |`,
  );
  return [
    `${report.when}, ${report.system}: ${Math.round(seconds / 60)} minutes, ${rounds} rounds, ${names} names listed, \`${report.words.join(' ')}\`.`,
    '',
    '| figure (MiB, or how many) | least | most | last | an hour |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    ...(failures.length === 0 ? ['Nothing grows.'] : failures.map((failure) => `- ${failure}`)),
    '',
  ].join('\n');
}

/** Returns the paths: JSON, Markdown, HTML. */
export function writeSoak(report: SoakReport, folder: string): string[] {
  const lines = (['resident', 'anonymous', 'heap', 'external'] as const).map((figure) => ({
    label: `${figure}, MiB`,
    data: report.samples.map(({ seconds, [figure]: value }) => ({ x: seconds / 60, y: value ?? null })),
    pointRadius: 0,
    borderWidth: 1,
  }));
  const configuration = {
    type: 'line',
    data: { datasets: lines },
    options: {
      animation: false,
      scales: { x: { type: 'linear', title: { display: true, text: 'minutes' } }, y: { beginAtZero: true } },
    },
  };
  const body = `<h1>A soak of erofsjs</h1><pre>${text(markdown(report))}</pre><canvas id="plot-0"></canvas>`;
  const files = {
    'soak.json': JSON.stringify(report),
    'soak.md': markdown(report),
    'soak.html': page('A soak of erofsjs', body, plottingScript([configuration])),
  };
  return Object.entries(files).map(([name, content]) => {
    const path = join(folder, name);
    writeWhole(path, content, 0o644);
    return path;
  });
}
