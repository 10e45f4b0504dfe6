/**
 * What the fuzzer once found, and what is said of it now: each file of test/fixtures/corrupt has an input as a finding prints it,
 * and its name begins with the code of the error that the damage ends in.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { reproduce } from '../../fuzz/reproduce.js';
import { fixtures } from '../support/paths.js';

const folder = join(fixtures, 'corrupt');
const files = readdirSync(folder).sort();

t.ok(files.length > 0, 'there are findings');

for (const name of files) {
  t.test(name, async (t) => {
    const codes = new Set<string>();
    const input = readFileSync(join(folder, name), 'utf8');
    const finding = await reproduce(input, (error) => codes.add((error as { code: string }).code));
    t.equal(finding?.message, undefined, 'no rule is broken');
    t.ok(
      [...codes].some((code) => name.startsWith(`${code}-`)),
      `refused with ${[...codes].join(', ')}`,
    );
  });
}
