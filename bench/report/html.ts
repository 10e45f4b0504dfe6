/** A report as one HTML file with plots, which opens from disk and asks no network: the plotting library is in it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { goalLines } from './goals.js';
import { absenceLines, BUSY, failureLines, isBusy } from './markdown.js';
import { plots } from './plots.js';
import type { Report } from './report.js';
import { LEGEND, tables } from './tables.js';

/** Pixels: a bar with its gap, and what title and axis take. */
const BAR_HEIGHT = 26;
const FRAME_HEIGHT = 96;

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1f2937 }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(23rem, 1fr)); gap: 1rem }
.table { overflow-x: auto }
table { border-collapse: collapse; font-size: 13px; margin: 1rem 0 }
th, td { border-bottom: 1px solid #d1d5db; padding: .25rem .75rem .25rem 0; text-align: left; white-space: nowrap }
`;

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
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Benchmarks of erofsjs</title><style>${STYLE}</style></head><body>
<h1>Benchmarks of erofsjs</h1>
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
)}
<script>${plottingLibrary()}</script>
<script>
const plots = ${script(all.map(({ configuration }) => configuration))};
plots.forEach((configuration, i) => new Chart(document.getElementById('plot-' + i), configuration));
</script>
</body></html>
`;
}

/** The build of Chart.js for a script element; what Node would import is another file beside it. */
const plottingLibrary = (): string =>
  readFileSync(join(dirname(createRequire(import.meta.url).resolve('chart.js')), 'chart.umd.js'), 'utf8')
    // a map that is not in the file
    .replace(/^\/\/# sourceMappingURL=.*$/m, '');

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const text = (plain: string): string => plain.replace(/[&<>"]/g, (character) => ENTITIES[character]!);

/** JSON that may stand in a script element, whatever strings are in it. */
const script = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');
