import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import t from 'tap';
import { Content } from '../../bench/images/content.js';
import { Kept } from '../../bench/images/kept.js';
import { makeTree, smallFile } from '../../bench/images/tree.js';

const silent = (): void => {};

t.test('content is the same for the same seed, and compresses as files do', async (t) => {
  const bytes = new Content(1).next(300_000);
  t.ok(bytes.equals(new Content(1).next(300_000)));
  t.notOk(bytes.equals(new Content(2).next(300_000)));
  const share = deflateSync(bytes).length / bytes.length;
  t.ok(share > 0.4 && share < 0.75, `to ${share}`);
});

t.test('a tree has the files that it names', async (t) => {
  const folder = join(t.testdir(), 'tree');
  await makeTree(folder, { files: 120, large: 1 << 20 });
  for (const number of [0, 49, 50, 119]) t.ok(existsSync(join(folder, smallFile(number))), smallFile(number));
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  t.equal(all.filter((entry) => entry.isFile()).length, 121);
  t.equal(readFileSync(join(folder, 'large')).length, 1 << 20);
});

t.test('what is kept is made once a recipe', async (t) => {
  const folder = t.testdir();
  let made = 0;
  const make = (path: string): void => {
    made += 1;
    writeFileSync(path, `${made}`);
  };
  const first = await new Kept(folder, silent).get('image', { size: 1 }, make);
  t.equal(await new Kept(folder, silent).get('image', { size: 1 }, make), first);
  t.equal(made, 1);
  const second = await new Kept(folder, silent).get('image', { size: 2 }, make);
  t.not(second, first);
  t.equal(readFileSync(second, 'utf8'), '2');
});

t.test('what was not finished is not found, and what a dead process left goes', async (t) => {
  const folder = t.testdir();
  const kept = new Kept(folder, silent);
  const broken = kept.get('image', {}, (path) => {
    writeFileSync(path, 'half');
    throw new Error('disk full');
  });
  await t.rejects(broken, { message: 'disk full' });
  t.strictSame(readdirSync(folder), []);
  // no process has this number: it is beyond the kernel's largest
  writeFileSync(join(folder, 'image-1.partial-99999999'), 'left');
  writeFileSync(join(folder, `image-2.partial-${process.pid}`), 'ours');
  new Kept(folder, silent);
  t.strictSame(readdirSync(folder), [`image-2.partial-${process.pid}`]);
});
