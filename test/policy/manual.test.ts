/** The pages below man/ are those that the commands declare, and man and mandoc have nothing to say against them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { manualPages } from '../../manual/pages.js';
import { parseProse, readProse } from '../../manual/prose.js';
import { packageRoot } from '../support/paths.js';
import { run } from '../support/run.js';

const folder = join(packageRoot, 'man');
const pages = manualPages(packageRoot);

t.test('the pages are up to date; npm run man writes them', async (t) => {
  t.same(readdirSync(folder).sort(), [...pages.keys()].sort());
  for (const [name, text] of pages) t.equal(readFileSync(join(folder, name), 'utf8'), text, name);
});

t.test('package.json lists the pages', async (t) => {
  const { man } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { man: string[] };
  t.same([...man].sort(), [...pages.keys()].map((name) => `man/${name}`).sort());
});

t.test('all that is written by hand belongs to a page', async (t) => {
  const names = new Set([...pages.keys()].map((name) => name.replace(/\.\d$/, '')));
  for (const file of readdirSync(join(packageRoot, 'manual', 'prose'))) {
    const name = file.replace('.roff', '');
    t.ok(names.has(name) || names.has(`erofs-${name}`), file);
  }
});

t.test('a page says of each option what its help says, and what is written beside', async (t) => {
  const page = pages.get('erofs-mount.1')!;
  t.match(page, '\\fB\\-f\\fP, \\fB\\-\\-foreground\\fP\nStay in the foreground and log to stderr.\n');
  t.match(page, '\\fB\\-\\-driver\\fP \\fBauto|fuse|kernel\\fP\n');
  t.match(page, '\\fB\\-\\-ready\\-timeout\\fP \\fIseconds\\fP\nHow long');
  t.match(page, 'The default is 30.');
  t.match(
    page,
    '\\fB\\-\\-fsverity\\-digest\\fP, \\fB\\-\\-digest\\fP \\fIdigest\\fP\n',
    'an alias of it alone',
  );
  t.match(page, 'erofs mount base.erofs app.erofs /mnt', 'an example of its help');
  t.match(pages.get('erofs-cache.1')!, '.SS \\fBerofs\\ cache\\ gc\\fP', 'an action');
  t.match(pages.get('erofs-umount.1')!, '\\fBerofs unmount\\fP\nis another name');
});

t.test('prose about an option that is no more is an error, and so is prose without a section', async (t) => {
  const { commandPage } = await import('../../manual/command-page.js');
  const { declarationOf } = await import('../../manual/declaration.js');
  const { command } = await import('../../src/commands/cat.js');
  const prose = parseProse('.SH OPTIONS\n.OPTION nope\nText.\n', 'cat.roff');
  t.throws(() => commandPage(declarationOf(command as never), prose, ''), {
    code: 'bad-prose',
    message: /cat\.roff: OPTIONS has no option nope/,
  });
  t.throws(() => parseProse('Text.\n', 'cat.roff'), { code: 'bad-prose' });
  t.same(readProse(join(packageRoot, 'manual', 'prose'), 'no-such-page'), new Map(), 'no file says nothing');
});

const files = [...pages.keys()].map((name) => join(folder, name));
const said = await run('mandoc', ['-Tlint', ...files]);

t.test('mandoc finds nothing', { skip: said.status === undefined && 'mandoc is not here' }, async (t) => {
  t.same(said.stdout.split('\n').filter(Boolean), []);
  t.equal(said.status, 0, said.stderr);
});
