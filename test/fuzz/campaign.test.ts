/** Threads that are watched: what they cannot tell any more is found all the same. */
import t from 'tap';
import { Campaign } from '../../fuzz/campaign.js';
import type { ReportedFinding } from '../../fuzz/fuzzer.js';

const job = { target: 'image', seed: 1, executions: 0, seconds: 1 };

for (const [name, breach] of [
  ['endless', 'endless'],
  ['greedy', 'too-much-memory'],
] as const) {
  t.test(`a thread that is ${name}`, async (t) => {
    const found: ReportedFinding[] = [];
    const listener = { found: (finding: ReportedFinding) => found.push(finding), ended: () => {} };
    const program = new URL(`./${name}-thread.js`, import.meta.url);
    // one that takes memory is slow, and no patience is to run out before
    const campaign = new Campaign([job], listener, {
      program,
      patience: name === 'endless' ? 2 : 200,
      heap: 32,
    });
    await campaign.run(1);
    t.match(found, [{ breach, input: 'image plain 0+1=00' }]);
    t.equal(campaign.findings.length, 1);
  });
}

t.test('a thread that fails for another reason', async (t) => {
  const program = new URL('./absent-thread.js', import.meta.url);
  const campaign = new Campaign(
    [job],
    { found: () => {}, ended: () => {} },
    { program, patience: 20, heap: 32 },
  );
  await t.rejects(campaign.run(1), {
    code: 'thread-failed',
    message: /the thread of image ended before its work/,
  });
});
