/** That the loop finds what is there to be found: mistakes that are made on purpose, behind conditions that only coverage leads to. */
import t from 'tap';
import { Coverage } from '../../fuzz/coverage.js';
import { Executor } from '../../fuzz/execution.js';
import { Fuzzer, type ReportedFinding } from '../../fuzz/fuzzer.js';
import { parseInput } from '../../fuzz/input.js';
import { Progress } from '../../fuzz/progress.js';
import type { Rules } from '../../fuzz/rules.js';
import type { Base, Target } from '../../fuzz/target.js';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import { guarded } from './guarded.js';

const base = (run: (bytes: Uint8Array, rules: Rules) => void): Base => ({
  name: 'bytes',
  bytes: new Uint8Array(8),
  edit: (random) => ({ at: random.below(8), remove: 1, bytes: random.bytes(1) }),
  run: (bytes, _, rules) => run(bytes, rules),
});

const target = (base: Base): Target => ({
  name: 'planted',
  share: 1,
  allows: (error) => error instanceof ErofsError,
  bases: async () => [base],
});

async function findingsOf(planted: Base, executions: number): Promise<ReportedFinding[]> {
  const found: ReportedFinding[] = [];
  const coverage = new Coverage((url) => url.endsWith('/guarded.js'));
  const fuzzer = new Fuzzer(target(planted), [planted], 1, coverage, new Progress(), (finding) =>
    found.push(finding),
  );
  const job = { target: 'planted', seed: 1, executions, seconds: 200 };
  const outcome = await fuzzer.run(job, () => {});
  coverage.close();
  t.ok(outcome.executions === executions || found.length > 0, `${outcome.executions} executions`);
  return found;
}

t.test('a mistake behind three bytes, of which each alone shows in the coverage', async (t) => {
  const planted = base((bytes, rules) => rules.operation('guarding', () => guarded(bytes)));
  const found = await findingsOf(planted, 30_000);
  t.match(found, [{ breach: 'unexpected-error', message: /guarding threw TypeError: three bytes/ }]);
  const { edits } = parseInput(found[0]!.input);
  t.equal(edits.length, 3, 'the smallest input');
  const again = await new Executor(target(planted)).run(planted, edits);
  t.match(again, { message: /three bytes/ });
  t.same(planted.bytes, new Uint8Array(8), 'the base is as before');
});

t.test('errors that damage may cause are none', async (t) => {
  const planted = base((_, rules) => {
    rules.operation('refusing', () => {
      throw new ErofsError('corrupt', 'refused');
    });
  });
  t.same(await findingsOf(planted, 200), []);
});

t.test('limits', async (t) => {
  const kept: Uint8Array[] = [];
  const limits = { time: 30, read: 1000, memory: 8 << 20 };
  for (const [breach, use] of [
    ['too-much-read', (rules: Rules) => (rules.read += limits.read + 1)],
    ['too-much-memory', () => kept.push(new Uint8Array(8 * limits.memory).fill(1))],
    ['too-slow', () => spin(2 * limits.time)],
  ] as const) {
    const planted = base((_, rules) => {
      rules.operation('using', () => use(rules));
    });
    t.match(
      await new Executor(target(planted), limits).run(planted, []),
      { breach, message: /^using / },
      breach,
    );
    kept.length = 0;
  }
});

/** Milliseconds of the processor. */
function spin(time: number): number {
  const start = process.cpuUsage();
  let rounds = 0;
  for (;;) {
    const { user, system } = process.cpuUsage(start);
    if ((user + system) / 1000 > time) return rounds;
    rounds++;
  }
}
