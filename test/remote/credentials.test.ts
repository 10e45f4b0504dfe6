import t from 'tap';
import { readCredentials } from '../../src/remote/credentials.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);

t.test('from files, from the environment, from the program', async (t) => {
  const headers = scratch.file('headers', '# comment\n\nX-One: 1 \r\nx-two:a: b\n');
  const token = scratch.file('token', ' abc\n');
  t.same(readCredentials({}, {}), {});
  t.same(readCredentials({ headerFile: headers, tokenFile: token, headers: { 'X-One': '3' } }, {}), {
    'x-one': '3',
    'x-two': 'a: b',
    authorization: 'Bearer abc',
  });
  t.same(readCredentials({}, { EROFS_TOKEN: 'xyz', EROFS_HEADER_FILE: headers }), {
    'x-one': '1',
    'x-two': 'a: b',
    authorization: 'Bearer xyz',
  });
  t.same(readCredentials({}, { EROFS_TOKEN_FILE: token }), { authorization: 'Bearer abc' });
  t.same(readCredentials({ tokenFile: token }, { EROFS_TOKEN: 'xyz' }), { authorization: 'Bearer abc' });
  t.same(readCredentials({}, { EROFS_TOKEN: '', EROFS_TOKEN_FILE: '' }), {});
});

t.test('what cannot be sent is refused without being repeated', async (t) => {
  const cases: [string, RegExp][] = [
    ['sesame', /line 1 of .*headers is no header/],
    ['ok: 1\nna me: sesame', /line 2 .*/],
    ['Range: sesame', /^range in line 1 .* cannot be set/],
    ['x: se\u0001same', /the value of x in line 1/],
  ];
  for (const [text, message] of cases) {
    const headerFile = scratch.file('headers', text);
    const act = () => readCredentials({ headerFile }, {});
    t.throws(act, { name: 'RemoteError', code: 'options', message }, text);
    try {
      act();
    } catch (error) {
      t.notMatch((error as Error).message, /same/);
    }
  }
  t.throws(() => readCredentials({ tokenFile: scratch.file('token', '\n') }, {}), {
    code: 'options',
    message: /is empty/,
  });
  t.throws(() => readCredentials({ token: 'a\r\nb: c' }, {}), { code: 'options' });
  t.throws(() => readCredentials({ tokenFile: '/nowhere/token' }, {}), { code: 'ENOENT' });
});
