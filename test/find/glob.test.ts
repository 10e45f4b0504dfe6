import t from 'tap';
import { Glob } from '../../src/find/glob.js';

const matches = (pattern: string, name: string | Uint8Array, ignoreCase = false): boolean =>
  new Glob(pattern, ignoreCase).matches(Buffer.from(name as string));

t.test('what fnmatch(3) says', async (t) => {
  for (const [pattern, name, expected] of [
    ['*', '', true],
    ['*.so*', 'libc.so.6', true],
    ['*.so', 'libc.so.6', false],
    ['*', '.hidden', true],
    ['*b', 'a/b', true],
    ['a?c', 'abc', true],
    ['a?c', 'aéc', true],
    ['a?c', 'a🙂c', true],
    ['a?c', 'ac', false],
    ['*', 'a\nb', true],
    ['[a-c]x', 'bx', true],
    ['[a-c]x', 'dx', false],
    ['[!a-c]x', 'dx', true],
    ['[^a-c]x', 'ax', false],
    ['[]x]', ']', true],
    ['[a-]', '-', true],
    ['[[:digit:]][[:upper:]]', '7Q', true],
    ['[[:digit:]]', 'x', false],
    ['[b-a]', 'b', false],
    ['[unclosed', '[unclosed', true],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['a.c', 'abc', false],
    ['(a|b)+', '(a|b)+', true],
    ['é*', 'été', true],
    ['A', 'a', false],
  ] as const) {
    t.equal(matches(pattern, name), expected, `${pattern} and ${JSON.stringify(name)}`);
  }
});

t.test('upper and lower case alike, where asked for', async (t) => {
  t.ok(matches('README*', 'ReadMe.md', true));
  t.ok(matches('É', 'é', true));
  t.notOk(matches('README*', 'readme.md'));
});

t.test('bytes that are no UTF-8 are a character each', async (t) => {
  const name = Buffer.from([0x61, 0xe9, 0xff, 0xc3, 0xa9]);
  t.ok(matches('a???', name), 'two stray bytes and é');
  t.notOk(matches('a??', name));
  t.ok(matches('a*é', name));
  t.ok(matches('a[!x][!x]é', name));
  t.ok(matches('*�', '�'), 'the replacement character itself');
});
