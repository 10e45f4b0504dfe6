/** docs/troubleshooting.md knows every code that the sources have, no other, and quotes messages that exist. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { SEVERITIES } from '../../src/check/finding.js';
import { packageRoot } from '../support/paths.js';
import { errorCodes } from './error-codes.js';
import { sourceFiles } from './source-files.js';

const page = readFileSync(join(packageRoot, 'docs', 'troubleshooting.md'), 'utf8');
const codes = errorCodes();

/** | `message` | `code` | what to do | */
const rows = [...page.matchAll(/^\| `([^`]+)` \| `([a-z-]+)` \| (.*) \|$/gm)].map(
  ([, message, code, remedy]) => ({ message: message!, code: code!, remedy: remedy! }),
);

t.test('every code is there', async (t) => {
  t.ok(codes.size > 100, `${codes.size} codes were found in the sources`);
  for (const [code, where] of codes) t.ok(page.includes(`\`${code}\``), `${code} (${where})`);
});

t.test('codes that are there exist', async (t) => {
  t.ok(rows.length > 100, `${rows.length} rows were found`);
  for (const { code } of rows) t.ok(codes.has(code), code);
});

t.test('messages are quoted as the sources have them', async (t) => {
  const sources = sourceFiles('src')
    .map(({ text }) => text.replaceAll("\\'", "'"))
    .join('\n');
  for (const { message, code } of rows) {
    const parts = message.split('…').filter((part) => /\w{2}/.test(part));
    for (const part of parts) t.ok(sources.includes(part.trim()), `${code}: ${part}`);
  }
});

t.test('warnings of erofs verify are told from errors', async (t) => {
  const listed = /\n\n((?:`[a-z-]+`(?:, | and )?)+) are warnings/.exec(page)?.[1] ?? '';
  const named = [...listed.matchAll(/`([a-z-]+)`/g)].map((found) => found[1]!);
  const warnings = Object.entries(SEVERITIES).filter(([, severity]) => severity === 'warning');
  t.same(named.sort(), warnings.map(([code]) => code).sort());
});
