/** Statistics as people read them: all of them, or a line for an interval. */
import type { MountStatistics } from '../control/controlled-mount.js';
import { quantile } from '../statistics/quantile.js';
import { type Lookups, type Statistics, sumOfDurations } from '../statistics/statistics.js';
import { quoteName } from './quote.js';
import { durationText, sizeText, timeSpanText } from './size-text.js';

type Cells = readonly string[];

/** The mountpoint, a table of requests, and what the caches and the network did. */
export function statisticsText(statistics: MountStatistics): string[] {
  const { mountpoint, uptime, requests } = statistics;
  const rows = Object.entries(requests).sort(([, a], [, b]) => b.count - a.count);
  const table: Cells[] = [
    ['request', 'count', 'per s', 'p50', 'p99', 'failed'],
    ...rows.map(([kind, { count, failures, p50, p99 }]) => [
      kind,
      `${count}`,
      (count / uptime).toFixed(1),
      durationText(p50),
      durationText(p99),
      `${failures}`,
    ]),
  ];
  return [
    `${quoteName(Buffer.from(mountpoint))}, for ${timeSpanText(uptime)}`,
    ...aligned(table).map((line) => `  ${line}`),
    ...statisticsFacts(statistics).map(([label, text]) => `  ${label.padEnd(8)} ${text}`),
  ];
}

/** What was read, and what the caches and the network did. */
export function statisticsFacts(statistics: MountStatistics): (readonly [label: string, text: string])[] {
  const { bytes_read, waiting, interrupted, remote } = statistics;
  const { bytes, requests, retries, hedges } = remote;
  return [
    ['read', `${sizeText(bytes_read)}; ${waiting} requests waiting, ${interrupted} interrupted`],
    ['blocks', lookupText(statistics.block_cache)],
    ['extents', lookupText(statistics.extent_cache)],
    ['chunks', lookupText(statistics.chunk_store)],
    ['network', `${sizeText(bytes)} in ${requests} requests, ${retries} retries, ${hedges} hedges`],
  ];
}

const lookupText = ({ hits, misses }: Lookups): string =>
  `${hits} hits, ${misses} misses (${hitShare({ hits, misses })})`;

const hitShare = ({ hits, misses }: Lookups): string =>
  hits + misses === 0 ? '-' : `${Math.floor((hits / (hits + misses)) * 100)} %`;

/** The first column to the left, the others to the right. */
function aligned(table: readonly Cells[]): string[] {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((cells) => cells[column]!.length)));
  return table.map((cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  );
}

/** Of each column its name and width. */
const COLUMNS = [
  ['requests/s', 10],
  ['read/s', 10],
  ['p50', 8],
  ['p99', 8],
  ['waiting', 7],
  ['failed', 6],
  ['blocks', 6],
  ['chunks', 6],
  ['network/s', 10],
  ['http/s', 6],
] as const;

export const intervalHeader = (): string => COLUMNS.map(([name, width]) => name.padStart(width)).join('  ');

/** Under intervalHeader(): rates of `seconds`, what all requests took, and the share of hits. */
export function intervalLine(change: Statistics & { readonly waiting: number }, seconds: number): string {
  const kinds = Object.values(change.requests);
  const count = kinds.reduce((sum, request) => sum + request.count, 0);
  const durations = sumOfDurations(kinds);
  const cells = [
    (count / seconds).toFixed(1),
    sizeText(change.bytes_read / seconds),
    durationText(quantile(durations, 0.5) ?? null),
    durationText(quantile(durations, 0.99) ?? null),
    `${change.waiting}`,
    `${change.failures}`,
    hitShare(change.block_cache),
    hitShare(change.chunk_store),
    sizeText(change.remote.bytes / seconds),
    (change.remote.requests / seconds).toFixed(1),
  ];
  return cells.map((cell, i) => cell.padStart(COLUMNS[i]![1])).join('  ');
}
