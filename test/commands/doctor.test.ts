/** `erofs doctor` on the machine that runs the tests. */
import { chmodSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findingText } from '../../src/commands/finding-text.js';
import { bad, type Finding, good } from '../../src/doctor/finding.js';
import { command } from '../support/paths.js';
import { describeRun, type Ended, erofs, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { noSuchUser } from '../support/user.js';

const scratch = new Scratch(t);

type Line = Omit<Finding, 'remedy'> & { readonly remedy: string | null };

const linesOf = ({ stdout }: Ended): Line[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

const lineOf = (ended: Ended, check: string) => linesOf(ended).find((line) => line.check === check);

/** The machine may have something wrong, but what it says and how it exits agree. */
function holdsTogether(t: Test, ended: Ended): void {
  const lines = linesOf(ended);
  t.ok(lines.length >= 20, describeRun(ended));
  t.equal(ended.status, lines.some(({ state }) => state === 'bad') ? 1 : 0, 'the exit code');
  t.equal(ended.stderr, '');
  for (const { check, state, found, remedy } of lines) {
    t.notMatch(found, /could not be looked at/, check);
    if (state !== 'good') t.ok(remedy, `${check} names what mends it`);
  }
}

t.test('this machine, and nothing is made on it', async (t) => {
  const home = scratch.folder();
  chmodSync(home, 0o700);
  const names = ['XDG_CACHE_HOME', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR'];
  const environment = { HOME: home, ...Object.fromEntries(names.map((name) => [name, home])) };
  const ended = await erofs(['doctor', '--json', '--memory', '32M'], { environment });
  holdsTogether(t, ended);
  t.match(lineOf(ended, 'cache directory'), { state: 'good', found: join(home, 'erofsjs') });
  t.match(lineOf(ended, 'memory'), { found: /--memory 32M/ });
  t.same(readdirSync(home), []);
});

t.test('a plain user', { skip: noSuchUser('plain') ?? false }, async (t) => {
  const ended = await erofs(['doctor', '--json'], { user: 'plain' });
  holdsTogether(t, ended);
  t.match(lineOf(ended, 'read-ahead'), { state: 'good', found: /root alone/ });
});

t.test('a plain user who may gain no rights', { skip: noSuchUser('plain') ?? false }, async (t) => {
  const words = ['--no-new-privs', '--', process.execPath, command, 'doctor', '--json'];
  const ended = await run('setpriv', words, { user: 'plain' });
  holdsTogether(t, ended);
  t.match(lineOf(ended, 'fusermount3'), { state: 'bad', found: /no_new_privs/ });
});

t.test('what mends it mends it', async (t) => {
  const folder = scratch.folder();
  chmodSync(folder, 0o777);
  const look = () => erofs(['doctor', '--json', '--cache-dir', folder]);
  const before = await look();
  t.equal(before.status, 1);
  const { state, remedy } = lineOf(before, 'cache directory')!;
  t.equal(state, 'bad');
  const [program, ...words] = remedy!.split(' ');
  await run(program!, words);
  t.match(lineOf(await look(), 'cache directory'), { state: 'good', remedy: null });
});

t.test('the clock of a server', async (t) => {
  const server = createServer((_, response) => {
    response.sendDate = false;
    response.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString()).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const look = () => erofs(['doctor', '--json', '--url', `http://me:secret@127.0.0.1:${port}/?key=secret`]);
  const ended = await look();
  server.close();
  server.closeAllConnections();
  t.equal(ended.status, 1);
  t.match(lineOf(ended, 'clock'), { state: 'bad', found: /^is (1 h|59 min).* behind that of 127\.0\.0\.1:/ });
  const later = await look();
  t.match(lineOf(later, 'clock'), { state: 'bad', found: /was not reached/, remedy: /^curl -sSI http/ });
  t.notMatch(ended.stdout + later.stdout, 'secret');
});

t.test('wrong usage', async (t) => {
  t.match(await erofs(['doctor', '--memory', 'much']), { status: 2, stdout: '', stderr: /--memory much/ });
  t.match(await erofs(['doctor', '--url', 'ftp://host']), { status: 2, stdout: '', stderr: /--url ftp:/ });
});

t.test('lines for people', async (t) => {
  const finding = bad('mounts', 'the server of /a\u001b[2J has died', 'erofs umount /a');
  t.same(findingText(finding, false), [
    "bad      mounts            $'the server of /a\\e[2J has died'",
    `${' '.repeat(27)}mend it: erofs umount /a`,
  ]);
  t.ok(findingText(finding, true)[0]!.startsWith('\u001b[1;31mbad    \u001b[0m  mounts'));
  t.same(findingText(good('koffi', 'loads'), false), ['good     koffi             loads']);
  t.notMatch((await erofs(['doctor'])).stdout, '\u001b');
});
