import { readFileSync, statSync } from 'node:fs';
import t from 'tap';
import { describe, isUsage, UsageError } from '../../src/commands/failure.js';
import { ErofsError } from '../../src/erofs-reader/errors.js';

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

t.test('errors of ours say themselves what is wrong', async (t) => {
  t.equal(
    describe(new ErofsError('not-erofs', 'i.erofs: not an EROFS image')),
    'i.erofs: not an EROFS image',
  );
  t.equal(describe(new UsageError('two of them')), 'two of them');
});

t.test("the system's errors get the path, the meaning, and a remedy", async (t) => {
  const missing = thrownBy(() => statSync('/no/such'));
  t.equal(describe(missing), '/no/such: no such file or directory (stat: ENOENT); check the path');
  const directory = thrownBy(() => readFileSync('/'));
  t.match(
    describe(directory),
    /illegal operation on a directory \(read: EISDIR\); name a file, not a directory$/,
  );
});

t.test('anything else is a defect and says so', async (t) => {
  t.match(describe(new TypeError('x is undefined')), /^internal error: x is undefined; please report it/);
  t.match(describe('text'), /^internal error: text/);
  t.match(describe({ ranges: [] }), /^internal error/);
});

t.test('wrong usage is told apart', async (t) => {
  t.equal(isUsage(new UsageError('')), true);
  t.equal(isUsage(Object.assign(new Error(''), { code: 'usage' })), true);
  t.equal(isUsage(Object.assign(new Error(''), { name: 'YError' })), true);
  t.equal(isUsage(new ErofsError('corrupt', '')), false);
  t.equal(isUsage(undefined), false);
});
