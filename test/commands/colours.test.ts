/** When there are colours: the rule, and real commands on a real terminal and without one. */
import t from 'tap';
import { inColour, mayColour } from '../../src/commands/colours.js';
import { fixture } from '../support/fixture.js';
import { describeRun, erofs } from '../support/run.js';
import { erofsOnTerminal } from '../support/terminal.js';

type Environment = Readonly<Record<string, string>>;

t.test('the rule', async (t) => {
  const cases: readonly [environment: Environment, terminal: boolean, pipe: boolean][] = [
    [{}, true, false],
    [{ TERM: 'xterm' }, true, false],
    [{ TERM: 'dumb' }, false, false],
    [{ NO_COLOR: '' }, true, false],
    [{ NO_COLOR: '1' }, false, false],
    [{ NO_COLOR: '0' }, false, false],
    [{ FORCE_COLOR: '' }, true, false],
    [{ FORCE_COLOR: '1' }, true, true],
    [{ FORCE_COLOR: '3', TERM: 'dumb' }, true, true],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true, true],
    [{ FORCE_COLOR: '0' }, false, false],
    [{ FORCE_COLOR: 'false' }, false, false],
  ];
  for (const [environment, terminal, pipe] of cases) {
    const what = JSON.stringify(environment);
    t.equal(mayColour({ isTerminal: true }, environment), terminal, `a terminal, ${what}`);
    t.equal(mayColour({ isTerminal: false }, environment), pipe, `a pipe, ${what}`);
  }
});

const plain = fixture('plain').image;

/** Commands with colours, and a name in one that each shows. */
const commands: Record<string, { readonly words: readonly string[]; readonly shown: string }> = {
  tree: { words: [plain], shown: inColour('data', '1;34') },
  diff: { words: [plain, fixture('layer1').image], shown: '\u001b[31m- ' },
  doctor: { words: [], shown: inColour('good   ', '32') },
};

const isPlain = (text: string): boolean =>
  text.length > 0 && !text.includes('\u001b[3') && !text.includes('\u001b[1;');

t.test('commands', async (t) => {
  for (const [command, { words, shown }] of Object.entries(commands)) {
    const parameters = [command, ...words];
    const environment = { NO_COLOR: '', FORCE_COLOR: '' };
    const [seen, piped] = await Promise.all([
      erofsOnTerminal(parameters),
      erofs(parameters, { environment }),
    ]);
    t.ok(seen.stdout.includes(shown), `${command}: ${describeRun(seen)}`);
    t.ok(isPlain(piped.stdout), `${command} into a pipe: ${describeRun(piped)}`);
  }
});

t.test('what the environment says', async (t) => {
  const { words, shown } = commands.tree!;
  const [without, forced] = await Promise.all([
    erofsOnTerminal(['tree', ...words], { environment: { NO_COLOR: '1' } }),
    erofs(['tree', ...words], { environment: { FORCE_COLOR: '1' } }),
  ]);
  t.ok(isPlain(without.stdout), `NO_COLOR on a terminal: ${describeRun(without)}`);
  t.ok(forced.stdout.includes(shown), `FORCE_COLOR into a pipe: ${describeRun(forced)}`);
});
