import t from 'tap';
import { parseArguments, type Settings } from '../../bench/arguments.js';

const settings = (...words: string[]): Settings => {
  const found = parseArguments(words);
  if (found === 'help') throw new Error('settings were expected, not help');
  return found;
};

t.test('defaults, and what each size is', async (t) => {
  t.match(settings(), { size: 'full', rounds: 5, scenarios: [], writes: true, output: undefined });
  t.match(settings('--quick'), { size: 'quick', rounds: 2 });
  t.match(settings('--short'), { size: 'short', rounds: 1 });
  t.match(settings('--quick', '--rounds', '9'), { size: 'quick', rounds: 9 });
  t.equal(parseArguments(['--help', '--quick']), 'help');
});

t.test('scenarios by option, by word and by preset', async (t) => {
  t.strictSame(settings('--scenario', 'ls', '--scenario', 'tar', 'find').scenarios, ['ls', 'tar', 'find']);
  t.ok(settings('--preset', 'rootfs').scenarios.includes('rootfs-start'));
});

t.test('places and the network', async (t) => {
  const given = settings('--images', '/i', '--output', '/o', '--compare', '/c.json', '--round-trip', '5');
  t.match(given, { images: '/i', output: '/o', compare: '/c.json', link: { roundTrip: 5, bandwidth: 125 } });
  t.equal(settings('--no-output').writes, false);
});

t.test('what is wrong is named, with what was expected', async (t) => {
  const refused = (words: string[], message: RegExp) =>
    t.throws(() => parseArguments(words), { code: 'usage', message }, words.join(' '));
  refused(['--rounds', '0'], /--rounds 0: expected a number above 0/);
  refused(['--rounds', '1.5'], /--rounds 1\.5: expected a whole number/);
  refused(['--rounds', 'many'], /--rounds many/);
  refused(['--scenario', 'lss'], /scenario lss: expected one of first-answer, ls,/);
  refused(['sl'], /scenario sl/);
  refused(['--preset', 'toString'], /--preset toString: expected one of rootfs/);
  refused(['--bandwidth', ''], /--bandwidth/);
  refused(['--quick', '--short'], /expected one of them/);
  refused(['--fast'], /--fast/);
});
