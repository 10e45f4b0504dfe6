import { spawnSync } from 'node:child_process';
import t from 'tap';
import { quoteName } from '../../src/commands/quote.js';

t.test('harmless names stay as they are', async (t) => {
  for (const name of ['a b', 'ünïcødé-文件-🙂', '"quote\'\\back', '$HOME', '']) {
    t.equal(quoteName(Buffer.from(name)), name);
  }
});

t.test('what acts on a terminal is shown, not sent', async (t) => {
  const hostile = ['new\nline', '\x1b[2J', 'a\x07', 'a\u009b31m', 'a\u202eb', 'a\u2028b', '\x7f'];
  for (const name of hostile) t.match(quoteName(Buffer.from(name)), /^\$'[ -~]*'$/, encodeURI(name));
  t.equal(quoteName(Buffer.from([0x61, 0xe9, 0xff])), "$'a\\351\\377'", 'bytes that are no UTF-8');
});

t.test('a shell reads the quoted form back', async (t) => {
  const name = Uint8Array.from({ length: 255 }, (_, index) => index + 1);
  const said = spawnSync('bash', ['-c', `printf %s ${quoteName(name)}`]);
  t.same(said.stdout, Buffer.from(name));
});
