/** docs/format-support.md says what the fixtures prove, and everything that the format has is proven. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { formatSupport, formatSupportPath, proofs } from '../support/format-support.js';
import { packageRoot } from '../support/paths.js';

const all = await proofs();

t.test('every feature is proven by a fixture or by a test that exists', async (t) => {
  const unproven = all.filter(({ fixtures, tests }) => fixtures.length === 0 && tests.length === 0);
  t.strictSame(
    unproven.map(({ section, feature }) => `${section}: ${feature}`),
    [],
  );
  const tests = new Set(all.flatMap((proof) => proof.tests));
  t.strictSame(
    [...tests].filter((test) => !existsSync(join(packageRoot, test))),
    [],
    'tests that are named',
  );
});

t.test('docs/format-support.md is up to date', async (t) => {
  const written = existsSync(formatSupportPath) ? readFileSync(formatSupportPath, 'utf8') : '';
  t.equal(written, formatSupport(all), 'it is not: write it again with `npm run format-support`');
});
