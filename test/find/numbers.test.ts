import t from 'tap';
import { compares, readComparison, readSizeComparison, readTime } from '../../src/find/numbers.js';
import { permits, readPermissions } from '../../src/find/permissions.js';

t.test('numbers', async (t) => {
  t.ok(compares(readComparison('links', '3'), 3));
  t.notOk(compares(readComparison('links', '+3'), 3));
  t.ok(compares(readComparison('links', '+3'), 4));
  t.ok(compares(readComparison('links', '-3'), 2));
  t.same(readSizeComparison('size', '-2M'), { sign: '-', number: 2, unit: 1 << 20 });
  t.same(readSizeComparison('size', '7'), { sign: '', number: 7, unit: 512 });
  for (const text of ['', 'x', '1.5', '--3', '3-', '99999999999999999999']) {
    t.throws(() => readComparison('links', text), { code: 'usage', message: /^--links/ }, text);
  }
  for (const text of ['M', '3X', '3MM']) {
    t.throws(() => readSizeComparison('size', text), { code: 'usage', message: /^--size/ }, text);
  }
});

t.test('times are in UTC unless they say another zone', async (t) => {
  for (const [text, seconds, nanoseconds] of [
    ['1970-01-02', 86_400, 0],
    ['1970-01-01T00:01', 60, 0],
    ['1970-01-01 00:00:07', 7, 0],
    ['1970-01-01T01:00:00+01:00', 0, 0],
    ['1970-01-01T00:00:00.5Z', 0, 500_000_000],
    ['1969-12-31T23:59:59.25Z', -1, 250_000_000],
    ['@1700000000.000000009', 1_700_000_000, 9],
    ['@-5', -5, 0],
  ] as const) {
    t.same(readTime('newermt', text), { seconds, nanoseconds }, text);
  }
  for (const text of ['', 'soon', '@x', '5', '2024-13-01']) {
    t.throws(() => readTime('newermt', text), { code: 'usage', message: /^--newermt/ }, text);
  }
});

t.test('permissions', async (t) => {
  for (const [text, mode, expected] of [
    ['644', 0o100644, true],
    ['644', 0o100755, false],
    ['-4000', 0o104755, true],
    ['-022', 0o100644, false],
    ['/022', 0o100664, true],
    ['/000', 0o100000, true],
    ['-u+s', 0o104755, true],
    ['-u+s', 0o102755, false],
    ['u=rw,go=r', 0o100644, true],
    ['a+x', 0o100111, true],
    ['/o+t', 0o041777, true],
    ['g-w', 0o100000, true],
  ] as const) {
    t.equal(permits(readPermissions('perm', text), mode), expected, `${text} of ${mode.toString(8)}`);
  }
  for (const text of ['', '888', 'u', 'u+q', '99999']) {
    t.throws(() => readPermissions('perm', text), { code: 'usage', message: /^--perm/ }, text);
  }
});
