import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { makeDirectories } from '../../src/system/directories.js';

const scratch = mkdtempSync(join(tmpdir(), 'directories-'));
t.teardown(() => rmSync(scratch, { recursive: true }));

t.test('all that is missing is made, with the mode', async (t) => {
  const path = join(scratch, 'a', 'b', 'c');
  makeDirectories(path, 0o700);
  t.equal(statSync(path).mode & 0o777, 0o700);
  t.equal(statSync(join(scratch, 'a')).mode & 0o777, 0o700);
  makeDirectories(path);
  t.pass('made twice');
});

t.test('a file in the way', async (t) => {
  writeFileSync(join(scratch, 'file'), '');
  t.throws(() => makeDirectories(join(scratch, 'file')), { code: 'EEXIST' });
  t.throws(() => makeDirectories(join(scratch, 'file', 'below')), { code: 'ENOTDIR' });
});

t.test(
  'a place that takes no names is an error, not a loop',
  { skip: !existsSync('/proc/self') },
  async (t) => {
    t.throws(() => makeDirectories('/proc/nowhere/below'), { code: 'ENOENT' });
  },
);
