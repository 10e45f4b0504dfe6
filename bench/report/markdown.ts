/** A report as Markdown. */
import { goalLines } from './goals.js';
import type { Machine, Report } from './report.js';
import { LEGEND, tables } from './tables.js';

/** Shown above everything where it holds. */
export const BUSY = 'The machine was busy with other work when this run began: its figures say little.';

export const isBusy = ({ load, cores }: Machine): boolean => load > cores / 4;

export function markdown(report: Report): string {
  const { machine, rounds, size, when, link } = report;
  const parts = [
    '# Benchmarks of erofsjs',
    `${when}, size "${size}", ${rounds} rounds. ${machine.system}, ${machine.cores} × ${machine.processor}, ` +
      `${machine.memory} MiB, ${machine.root ? 'as root' : 'as a plain user'}; load before the run ${machine.load.toFixed(2)}. ` +
      `Network of remote scenarios: ${link.roundTrip} ms round trip, ${link.bandwidth} MB/s.`,
    ...(isBusy(machine) ? [BUSY] : []),
    LEGEND,
  ];
  for (const { scenario, title, head, rows } of tables(report)) {
    parts.push(`## ${scenario}: ${title}`);
    parts.push([head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n'));
  }
  const list = (title: string, lines: readonly string[]): void => {
    if (lines.length > 0) parts.push(`## ${title}`, lines.map((line) => `- ${line}`).join('\n'));
  };
  list('Goals', goalLines(report));
  list('Failed', failureLines(report));
  list('Not measured here', absenceLines(report));
  list(
    'Versions',
    Object.entries(report.versions).map(([name, version]) => `${name}: ${version}`),
  );
  return `${parts.join('\n\n')}\n`;
}

export const failureLines = ({ failures }: Report): string[] =>
  failures.map(
    ({ scenario, on, subject, round, message }) =>
      `${[scenario, on, subject].filter(Boolean).join(', ')}, ${round === 0 ? 'before the first round' : `round ${round}`}: ${message}`,
  );

export const absenceLines = ({ absences }: Report): string[] =>
  absences.map(({ what, why }) => `${what}: ${why}`);
