import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { command, images, packageRoot } from '../support/paths.js';
import { erofs } from '../support/run.js';

t.test('wrong usage: exit 2, one line, and where to read on', async (t) => {
  const wrong: [string[], string][] = [
    [[], "erofs: a command is missing; see 'erofs --help'\n"],
    [['frobnicate'], "erofs: unknown command: frobnicate; see 'erofs --help'\n"],
    [['mount'], "erofs mount: an argument is missing: got 0, expected 2; see 'erofs mount --help'\n"],
    [['mount', 'a'], "erofs mount: an argument is missing: got 1, expected 2; see 'erofs mount --help'\n"],
    [['umount', 'a', 'b'], "erofs umount: unexpected argument: b; see 'erofs umount --help'\n"],
    [['mount', 'a', 'b', '--nope'], "erofs mount: unknown option --nope; see 'erofs mount --help'\n"],
    [
      ['mount', 'a', 'b', '-o', 'allow_othr'],
      "erofs mount: -o allow_othr: no such mount option; did you mean allow_other?; see 'erofs mount --help'\n",
    ],
    [
      ['mount', 'a', 'b', '-o', 'rw'],
      "erofs mount: -o rw: EROFS is read-only; leave it out or write ro; see 'erofs mount --help'\n",
    ],
    [
      ['mount', 'a', 'b', '-orw'],
      "erofs mount: -o rw: EROFS is read-only; leave it out or write ro; see 'erofs mount --help'\n",
    ],
    [
      ['mount', 'a', 'b', '--ready-timeout', '0'],
      "erofs mount: --ready-timeout: expected a number of seconds above 0; see 'erofs mount --help'\n",
    ],
  ];
  for (const [words, line] of wrong) {
    const ended = await erofs(words);
    t.match(ended, { status: 2, stdout: '', stderr: line }, `erofs ${words.join(' ')}`);
  }
});

t.test('--help and --version: exit 0, on stdout', async (t) => {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  const facts = new RegExp(
    `^erofs ${version.replaceAll('.', '[.]')} \\(([0-9a-f]{10}, )?Node\\.js ${process.version}, linux ${process.arch}\\)\n$`,
  );
  t.match(await erofs(['--version']), { status: 0, stdout: facts, stderr: '' });
  t.match(await erofs(['--version', '--help']), { status: 0, stderr: '' }, 'whatever comes with it');
  t.match(await erofs(['--help']), { status: 0, stdout: /erofs mount <image> <dir\.\.>/, stderr: '' });
  t.match(await erofs(['umount', '--help']), { status: 0, stdout: /--lazy/, stderr: '' });
});

t.test('a failure: exit 1, one line without a stack, unless EROFSJS_DEBUG asks for one', async (t) => {
  const words = ['mount', '/no/such.erofs', '/'];
  const plain = await erofs(words);
  t.match(plain, { status: 1, stdout: '' });
  t.match(plain.stderr, /^erofs mount: \/no\/such\.erofs: no such file or directory .*; check the path\n$/);
  const debug = await erofs(words, { environment: { EROFSJS_DEBUG: '1' } });
  t.match(debug.stderr, /^erofs mount: .*\n.*\n? *at /m);
});

t.test('a reader of stdout that goes away is no failure', async (t) => {
  const child = spawn(process.execPath, [command, 'ls', '-R', join(images, 'plain.erofs')]);
  let complaints = '';
  child.stderr.on('data', (text) => {
    complaints += text;
  });
  child.stdout.destroy();
  const status = await new Promise((resolve) => child.on('close', resolve));
  t.same([status, complaints], [0, '']);
});

t.test('output that cannot be written is a failure of one line', async (t) => {
  const full = openSync('/dev/full', 'w');
  t.teardown(() => closeSync(full));
  for (const words of [
    ['cat', join(images, 'plain.erofs'), '/data/text.bin'],
    ['ls', join(images, 'plain.erofs')],
  ]) {
    const child = spawn(process.execPath, [command, ...words], { stdio: ['ignore', full, 'pipe'] });
    let complaints = '';
    child.stderr?.on('data', (text) => {
      complaints += text;
    });
    const status = await new Promise((resolve) => child.on('close', resolve));
    t.equal(status, 1);
    t.match(complaints, /^erofs \w+: writing to standard output: ENOSPC[^\n]*\n$/);
  }
});
