/**
 * Every fixture with 1 to 8 bits turned over anywhere, near inodes, or in the superblock with its checksum put right:
 * all of it is read, and nothing comes out but errors of the reader, in hardly more memory than the untouched
 * image takes, and in the end.
 */
import { join } from 'node:path';
import t from 'tap';
import { someFixtures } from '../support/fixture.js';
import { dist } from '../support/paths.js';
import type { FlippedReport } from '../support/read-flipped.js';
import { describeRun, run } from '../support/run.js';

const SEEDS = Number(process.env.FLIP_SEEDS ?? 1);
/** bytes above the peak of the untouched image */
const MEMORY_LIMIT = 64 << 20;
/** seconds; a fixture takes one or two, and this is only for what never ends */
const TIME_LIMIT = 120;

const program = join(dist, 'test', 'support', 'read-flipped.js');

t.setTimeout(260_000);

for (const [i, { name }] of someFixtures(2).entries()) {
  t.test(name, async (t) => {
    const words = ['--expose-gc', program, name, `${1000 * i}`, `${SEEDS}`];
    const ended = await run(process.execPath, words, { limit: TIME_LIMIT });
    t.equal(ended.status, 0, describeRun(ended));
    if (ended.status !== 0) return;
    const report = JSON.parse(ended.stdout) as FlippedReport;
    t.strictSame(report.unexpected, [], 'errors of the reader alone');
    t.ok(
      report.peak - report.untouchedPeak <= MEMORY_LIMIT,
      `${(report.peak - report.untouchedPeak) / 2 ** 20} MiB more`,
    );
  });
}
