/**
 * All targets, from another seed each time: FUZZ_SECONDS, 60 unless given where CI is set and 5 elsewhere. What it prints of a
 * finding runs it again.
 */
import { join } from 'node:path';
import t from 'tap';
import { parseArguments } from '../../fuzz/arguments.js';
import { reproduce } from '../../fuzz/reproduce.js';
import { TARGETS } from '../../fuzz/targets/all.js';
import { dist } from '../support/paths.js';
import { describeRun, run } from '../support/run.js';

const SECONDS = Number(process.env.FUZZ_SECONDS ?? (process.env.CI === 'true' ? 60 : 5));
/** Seconds besides: threads start, and on a busy machine an execution may take long. */
const BESIDES = 150;

const main = join(dist, 'fuzz', 'main.js');
const fuzz = (...words: string[]) =>
  run(process.execPath, ['--enable-source-maps', main, ...words], { limit: SECONDS + BESIDES });

t.setTimeout((SECONDS + BESIDES + 10) * 1000);

t.test(`${SECONDS} seconds`, async (t) => {
  // the other tests want the other processors
  const ended = await fuzz('--seconds', `${SECONDS}`, '--workers', '1');
  const [seed = 'no seed'] = /--seed \d+ --workers \d+/.exec(ended.stdout) ?? [];
  t.comment(seed);
  t.equal(ended.status, 0, `no finding with ${seed}: ${describeRun(ended)}`);
  for (const { name } of TARGETS) t.match(ended.stdout, new RegExp(`\\| ${name} \\| [1-9]`), `${name} ran`);
});

t.test('so many executions, and no more', async (t) => {
  const words = ['--target', 'chunk-index', '--executions', '400', '--seed', '7', '--workers', '1'];
  const ended = await fuzz(...words);
  t.equal(ended.status, 0, describeRun(ended));
  t.match(ended.stdout, /^\| chunk-index \| 400 \|/m);
});

t.test('an input alone', async (t) => {
  const ended = await fuzz('--reproduce', 'image plain 1024+4=00000000');
  t.equal(ended.status, 0, describeRun(ended));
  t.match(ended.stdout, /^no finding: image plain/);
});

t.test('what is wrong with the command line', async (t) => {
  for (const [words, message] of [
    [['--target', 'absent'], /^target absent: expected one of image, /],
    [['--seconds', '0'], /^--seconds 0: expected a whole number above 0/],
    [['--surely'], /--surely/],
  ] as const) {
    t.throws(() => parseArguments(words), { code: 'usage', message });
  }
  await t.rejects(reproduce('image absent'), {
    code: 'usage',
    message: /the target image has no base absent/,
  });
  const ended = await fuzz('--reproduce', 'image plain 5=00');
  t.equal(ended.status, 2, describeRun(ended));
  t.match(ended.stderr, /^fuzz: edit "5=00": expected AT\+REMOVED=HEX$/m);
  t.notMatch(ended.stderr, /^\s+at /m, 'no stack');
});
