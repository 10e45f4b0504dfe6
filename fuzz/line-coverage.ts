/** Painted characters as lines: how many lines of the compiled sources with code in them were executed. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Painting } from './coverage.js';

export interface LineCount {
  lines: number;
  executed: number;
}

/** By folder below src/, of the files that were loaded at all. Comments and lines of brackets alone are no code. */
export function linesByFolder(seen: Painting): Map<string, LineCount> {
  const folders = new Map<string, LineCount>();
  for (const [url, painted] of seen) {
    const folder = /\/src\/([^/]+)\//.exec(url)?.[1];
    if (folder === undefined) continue;
    const count = folders.get(folder) ?? { lines: 0, executed: 0 };
    folders.set(folder, count);
    countLines(readFileSync(fileURLToPath(url), 'utf8'), painted, count);
  }
  return folders;
}

function countLines(source: string, painted: Uint8Array, count: LineCount): void {
  let start = 0;
  let isComment = false;
  for (const line of source.split('\n')) {
    const first = start + line.search(/\S|$/);
    const text = line.trim();
    start += line.length + 1;
    if (text.startsWith('/*')) isComment = true;
    const isCode = !isComment && !text.startsWith('//') && /\w/.test(text);
    if (text.endsWith('*/')) isComment = false;
    if (!isCode) continue;
    count.lines++;
    if (painted[first] === 1) count.executed++;
  }
}
