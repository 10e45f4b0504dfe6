/** Images that are refused as a whole: by the reader, by `erofs mount` and by `erofs verify`, each in words of what is wrong. */
import t from 'tap';
import { SEVERITIES } from '../../src/check/finding.js';
import { openSources } from '../../src/open.js';
import { checked } from '../check/checked.js';
import { MemorySource } from '../support/memory-source.js';
import { erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { refusedRows } from './refused.js';

const scratch = new Scratch(t);

/** Those that stand for all in a command of their own: one for each code. */
const firstOfCode = refusedRows.filter(
  ({ code }, i) => refusedRows.findIndex((row) => row.code === code) === i,
);

for (const { name, image, code, says, finds } of refusedRows) {
  t.test(name, async (t) => {
    const source = () => new MemorySource(image());
    await t.rejects(openSources([source()], {}), { name: 'ErofsError', code, message: says });
    if (finds === undefined) {
      await t.rejects(checked([source()]), { code, message: says });
      return;
    }
    const { findings } = await checked([source()]);
    t.strictSame(
      findings.map(({ code }) => code),
      finds,
    );
    t.ok(finds.every((code) => SEVERITIES[code] === 'error'));
  });
}

for (const { name, image, code, says } of firstOfCode) {
  t.test(`${code}, through the commands: ${name}`, async (t) => {
    const path = scratch.file('refused.erofs', image());
    const [mounted, listed, verified] = await Promise.all([
      erofs(['mount', path, scratch.folder()]),
      erofs(['ls', path]),
      erofs(['verify', path]),
    ]);
    for (const said of [mounted, listed]) {
      t.equal(said.status, 1);
      t.match(said.stderr, says);
      t.equal(said.stderr.trimEnd().split('\n').length, 1, 'one line');
    }
    t.not(verified.status, 0, 'verify does not call it good');
    t.match(verified.stdout + verified.stderr, /\S/, 'and says why');
  });
}
