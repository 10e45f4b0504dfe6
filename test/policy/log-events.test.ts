/** The events of a mount's log: what the sources write, what they declare, and what docs/monitoring.md says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../support/paths.js';
import { sourceFiles, withoutComments } from './source-files.js';

const read = (...path: string[]): string => readFileSync(join(packageRoot, ...path), 'utf8');

const declared = [...read('src', 'log', 'log-events.ts').matchAll(/^ {2}\| '([\w-]+)'/gm)].map(
  (found) => found[1]!,
);

/** By event the levels at which it is written, in all of src. */
const written = new Map<string, Set<string>>();
const call = /\blog\??\.(trace|debug|info|warn|error|fatal)\(\s*(?:\{\s*event: '([\w-]+)')?/g;
const elsewhere: string[] = [];
for (const { path, text } of sourceFiles('src')) {
  for (const [, level, event] of withoutComments(text).matchAll(call)) {
    if (event === undefined) elsewhere.push(path);
    else written.set(event, (written.get(event) ?? new Set()).add(level!));
  }
}
// src/log/log.ts writes this one without a logger, at the level of its number
written.set('lines-lost', new Set(['warn']));

/** The rows "| `event` | level, level | when |" of the page. */
const rows = [
  ...read('docs', 'monitoring.md').matchAll(
    /^\| `([a-z-]+)` \| ((?:debug|info|warn|error|fatal|, )+) \| .+ \|$/gm,
  ),
];
const documented = new Map(rows.map(([, event, levels]) => [event!, levels!.split(', ')]));

t.test('calls name their event where it can be seen', async (t) => {
  t.ok(written.size > 20, `calls were found: ${written.size}`);
  t.same(elsewhere, []);
});

t.test('declared, written and documented are the same', async (t) => {
  t.same([...written.keys()].sort(), [...declared].sort());
  t.same([...documented.keys()].sort(), [...declared].sort());
  t.equal(documented.size, rows.length, 'each once');
});

t.test('the levels that are documented', async (t) => {
  for (const [event, levels] of written) t.same([...levels].sort(), documented.get(event)?.sort(), event);
});
