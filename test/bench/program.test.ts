import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { lineOf, run } from '../../bench/measure/program.js';
import { read } from '../../bench/measure/reader.js';

t.test('a program that ends well', async (t) => {
  const { stdout, seconds } = await run('printf', ['%s|', 'a b', "c'd"]);
  t.equal(stdout, "a b|c'd|", 'no shell has seen the words');
  t.ok(seconds > 0);
  t.equal((await run('printf', ['x'], { discard: true })).stdout, '');
});

t.test('a program that does not', async (t) => {
  await t.rejects(run('ls', ['/absent-folder']), {
    code: 'program-failed',
    message: /exit 2: ls: .*absent-folder/,
  });
  await t.rejects(run('absent-program', []), { code: 'program-failed', message: /absent-program.*ENOENT/ });
  await t.rejects(run('sleep', ['1000'], { limit: 0.1 }), {
    code: 'took-too-long',
    message: /within 0\.1 s/,
  });
  t.equal(lineOf('absent-program', []), undefined);
});

t.test('what stays in the background holds nobody up', async (t) => {
  const { stdout } = await run('sh', ['-c', 'sleep 30 & echo $!']);
  const pid = Number(stdout);
  t.ok(existsSync(`/proc/${pid}`), 'it goes on');
  process.kill(pid);
});

t.test('the reader reads what it is told to, and says when that was less', async (t) => {
  const folder = t.testdir({ one: 'a'.repeat(3000), sub: { two: 'b'.repeat(5000) } });
  const list = join(folder, 'list');
  writeFileSync(list, 'one\nsub/two\n');
  t.match(await read(['files', folder, list], 8000), { bytes: 8000, seconds: Number });
  t.match(await read(['sequential', join(folder, 'one'), '1024'], 3000), { bytes: 3000 });
  t.match(await read(['random', join(folder, 'sub/two'), '1000', '7'], 7000), { bytes: 7000 });
  await t.rejects(read(['files', folder, list], 8001), {
    code: 'wrong-answer',
    message: /8000 bytes, expected 8001/,
  });
});
