/** Every promise of docs/semantics.md and docs/security.md names a test, and every test that a document names exists. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../support/paths.js';
import { pages } from './documented-commands.js';

const NAMED = /\btest\/[\w/-]+\.test\.ts\b/;

const textOf = (page: string): string => pages().find((found) => found.page === page)!.text;

t.test('tests that the documents name exist', async (t) => {
  const named = pages().flatMap(({ page, text }) =>
    [...text.matchAll(new RegExp(NAMED, 'g'))].map(([path]) => ({ page, path })),
  );
  t.ok(named.length > 50, `${named.length} were found`);
  for (const { page, path } of named) t.ok(existsSync(join(packageRoot, path)), `${page}: ${path}`);
});

t.test('every section of promises names one', async (t) => {
  const sections = textOf(join('docs', 'semantics.md'))
    .split(/^#{2,3} /m)
    .slice(1);
  t.ok(sections.length >= 9, `${sections.length} sections were found`);
  for (const section of sections) {
    const title = section.slice(0, section.indexOf('\n'));
    // what is different is said so that nobody is surprised; it promises nothing
    if (title !== "Different from the kernel's") t.match(section, NAMED, title);
  }
});

t.test('every row of a table of promises names one', async (t) => {
  const rows = ['semantics.md', 'security.md'].flatMap((name) => {
    const tables = textOf(join('docs', name)).matchAll(/^\|[^\n]*\| test \|\n\|[-|]+\|\n((?:\|.*\n)+)/gm);
    return [...tables].flatMap(([, body]) => body!.trimEnd().split('\n'));
  });
  t.ok(rows.length > 20, `${rows.length} rows were found`);
  for (const row of rows) t.match(row, NAMED, row);
});
