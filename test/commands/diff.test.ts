import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fixture } from '../support/fixture.js';
import { describeRun, erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const [first, second] = [fixture('layer1').image, fixture('layer2').image];

t.test('the same: no output and exit 0', async (t) => {
  const copy = scratch.file('copy.erofs');
  copyFileSync(first, copy);
  t.match(await erofs(['diff', '--times', first, copy]), { status: 0, stdout: '', stderr: '' });
});

t.test('different: one line each and exit 1', async (t) => {
  const said = await erofs(['diff', first, second]);
  t.match(said, { status: 1, stderr: '' }, describeRun(said));
  const lines = said.stdout.split('\n');
  t.ok(lines.includes('+ xattr (directory)'));
  t.ok(lines.includes('- sizes (directory)'));
  t.ok(lines.includes('~ names/-dash: type regular file -> character device'));
  t.ok(lines.includes("- $'names/new\\nline' (regular file)"), 'hostile names are quoted');
  t.match(await erofs(['diff', '-q', first, second]), { status: 1, stdout: '', stderr: '' });
});

t.test('as JSON', async (t) => {
  const said = await erofs(['diff', '--json', first, second]);
  const found = said.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.ok(found.some(({ path, change }) => path === 'names/new%0Aline' && change === 'removed'));
  t.match(
    found.find(({ path }) => path === 'names/-dash'),
    { change: 'changed', type: 'character device', fields: { type: ['regular file', 'character device'] } },
  );
});

t.test('trouble: one line and exit 2', async (t) => {
  for (const words of [
    [first, '/nonexistent'],
    [first],
    [first, second, '--nope'],
    [first, join('/etc', 'passwd')],
  ]) {
    const said = await erofs(['diff', ...words]);
    t.match(said, { status: 2, stdout: '' }, describeRun(said));
    t.match(said.stderr, /^erofs diff: [^\n]*\n$/);
  }
});

t.test('what is said of the first image is not said of the other', async (t) => {
  const shifted = fixture('offset8192').image;
  const said = await erofs(['diff', '--offset', '8192', shifted, fixture('plain').image]);
  t.match(said, { status: 0, stdout: '', stderr: '' }, describeRun(said));
});
