/** A report as one HTML file with plots. */
import { goalLines } from './goals.js';
import { absenceLines, BUSY, failureLines, isBusy } from './markdown.js';
import { page, plottingScript, text } from './page.js';
import { plots } from './plots.js';
import type { Report } from './report.js';
import { LEGEND, tables } from './tables.js';

/** Pixels: a bar with its gap, and what title and axis take. */
const BAR_HEIGHT = 26;
const FRAME_HEIGHT = 96;

export function html(report: Report): string {
  const all = plots(report);
  const sections = tables(report).map(({ scenario, title, head, rows }) => {
    const canvases = all.flatMap((plot, i) => {
      if (plot.scenario !== scenario) return [];
      const height = FRAME_HEIGHT + BAR_HEIGHT * (plot.configuration.data.labels?.length ?? 0);
      return [`<div style="height:${height}px"><canvas id="plot-${i}"></canvas></div>`];
    });
    const row = (cells: readonly string[], tag: 'th' | 'td'): string =>
      `<tr>${cells.map((cell) => `<${tag}>${text(cell)}</${tag}>`).join('')}</tr>`;
    return [
      `<h2>${text(scenario)}: ${text(title).replace(/`([^`]+)`/g, '<code>$1</code>')}</h2>`,
      `<div class="plots">${canvases.join('\n')}</div>`,
      `<div class="table"><table>${row(head, 'th')}${rows.map((cells) => row(cells, 'td')).join('\n')}</table></div>`,
    ].join('\n');
  });
  const { machine } = report;
  const list = (title: string, lines: readonly string[]): string =>
    lines.length === 0
      ? ''
      : `<h2>${title}</h2><ul>${lines.map((line) => `<li>${text(line)}</li>`).join('\n')}</ul>`;
  const body = `<h1>Benchmarks of erofsjs</h1>
<p>${text(`${report.when}, size "${report.size}", ${report.rounds} rounds. ${machine.system}, ${machine.cores} × ${machine.processor}.`)}</p>
${isBusy(machine) ? `<p><strong>${text(BUSY)}</strong></p>` : ''}
<p>${text(LEGEND)}</p>
${list('Failed', failureLines(report))}
${list('Goals', goalLines(report))}
${sections.join('\n')}
${list('Not measured here', absenceLines(report))}
${list(
  'Versions',
  Object.entries(report.versions).map(([name, version]) => `${name}: ${version}`),
)}`;
  return page('Benchmarks of erofsjs', body, plottingScript(all.map(({ configuration }) => configuration)));
}
