/** An HTML file with plots, which opens from disk and asks no network: the plotting library is in it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1f2937 }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(23rem, 1fr)); gap: 1rem }
.table { overflow-x: auto }
table { border-collapse: collapse; font-size: 13px; margin: 1rem 0 }
th, td { border-bottom: 1px solid #d1d5db; padding: .25rem .75rem .25rem 0; text-align: left; white-space: nowrap }
`;

/** `body` and `scripts` are HTML. */
export const page = (title: string, body: string, scripts: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style></head><body>
${body}
${scripts}
</body></html>
`;

/** Draws each configuration of Chart.js in the canvas "plot-N". */
export const plottingScript = (
  configurations: readonly object[],
): string => `<script>${plottingLibrary()}</script>
<script>
const plots = ${script(configurations)};
plots.forEach((configuration, i) => new Chart(document.getElementById('plot-' + i), configuration));
</script>`;

/** The build of Chart.js for a script element; what Node would import is another file beside it. */
const plottingLibrary = (): string =>
  readFileSync(join(dirname(createRequire(import.meta.url).resolve('chart.js')), 'chart.umd.js'), 'utf8')
    // a map that is not in the file
    .replace(/^\/\/# sourceMappingURL=.*$/m, '');

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export const text = (plain: string): string => plain.replace(/[&<>"]/g, (character) => ENTITIES[character]!);

/** JSON that may stand in a script element, whatever strings are in it. */
const script = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');
