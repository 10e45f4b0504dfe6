/** Writes the three renderings of a report into a folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { html } from './html.js';
import { markdown } from './markdown.js';
import type { Report } from './report.js';

/** Returns the paths. Throws the system's error. */
export function writeReport(report: Report, folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  const files = {
    'bench.json': `${JSON.stringify(report, undefined, 1)}\n`,
    'bench.md': markdown(report),
    'bench.html': html(report),
  };
  return Object.entries(files).map(([name, content]) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  });
}
