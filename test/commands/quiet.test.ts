/** --quiet: lines that are only to know are gone, errors stay; and it is configured as every option is. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Problems } from '../../src/commands/problems.js';
import { fixture } from '../support/fixture.js';
import { devFuseRoot } from '../support/front-end.js';
import { mountedAt } from '../support/mount-table.js';
import { mountWords } from '../support/mounted.js';
import { describeRun, erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const { image } = fixture('plain');

t.test('problems', async (t) => {
  const said: string[] = [];
  const problems = new Problems('erofs test', true, (line) => said.push(line));
  problems.note('to know');
  problems.report(new Error('to know'));
  problems.warn('to see');
  problems.report(Object.assign(new Error('an error'), { code: 'corrupt' }));
  t.same(said, ['erofs test: to see', 'erofs test: an error']);
  t.equal(problems.count, 1);
});

t.test('extract: the files without the line, by option, variable and file', async (t) => {
  const home = scratch.folder();
  const file = scratch.file('unused');
  const given = [
    { words: ['-q'] },
    { words: [], environment: { EROFS_QUIET: '1' } },
    { words: ['--quiet', '--tar', file], directory: false },
  ];
  for (const { words, environment = {}, directory = true } of given) {
    const target = scratch.folder();
    const said = await erofs(['extract', ...words, image, ...(directory ? [target] : [])], {
      environment: { ...environment, XDG_CONFIG_HOME: home },
    });
    t.match(said, { status: 0, stdout: '' }, describeRun(said));
    t.notMatch(said.stderr, /extracted|archived/);
    if (directory) t.ok(readdirSync(target).includes('data'), words.join(' '));
  }
  const told = await erofs(['extract', '--no-quiet', image, scratch.folder()], {
    environment: { EROFS_QUIET: '1', XDG_CONFIG_HOME: home },
  });
  t.match(told.stdout, /^extracted \d+ files/, 'the command line wins');
});

t.test('errors stay', async (t) => {
  const missing = join(scratch.path, 'missing');
  for (const words of [
    ['extract', image, image],
    ['cat', image, '/nosuch'],
    ['digest', missing],
    ['umount', scratch.folder()],
  ]) {
    const [command, ...rest] = words;
    const said = await erofs([command!, '--quiet', ...rest]);
    t.equal(said.status, 1, words.join(' '));
    t.match(said.stderr, new RegExp(`^erofs ${command}: .+\\n$`));
  }
});

t.test('mount and umount', { skip: devFuseRoot.missing ?? false }, async (t) => {
  const mountpoint = scratch.folder();
  const log = scratch.file('log');
  const said = await erofs(mountWords(devFuseRoot, { image, words: ['--quiet'] }, mountpoint, log));
  t.match(said, { status: 0, stdout: '', stderr: '' }, describeRun(said));
  t.ok(mountedAt(mountpoint), 'it is mounted');
  t.match(await erofs(['umount', '-q', mountpoint]), { status: 0, stdout: '', stderr: '' });
});

t.test('erofs config tells where it comes from', async (t) => {
  const environment = { EROFS_QUIET: 'yes', XDG_CONFIG_HOME: scratch.folder() };
  const all = await erofs(['config', '--origin'], { environment });
  t.match(all.stdout, /^quiet = true\t\$EROFS_QUIET$/m);
  const gc = await erofs(['config', 'cache', 'gc', '--json'], { environment });
  t.match(gc.stdout, /"option":"quiet","value":"true","origin":"environment","place":"\$EROFS_QUIET"/);
});
