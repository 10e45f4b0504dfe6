/** What a shell is told when somebody presses the key, and bash itself with the script that is printed. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { command as cache } from '../../src/commands/cache.js';
import { command as cat } from '../../src/commands/cat.js';
import { command as completion } from '../../src/commands/completion.js';
import { command as dump } from '../../src/commands/dump.js';
import { command as ls } from '../../src/commands/ls.js';
import { command as mount } from '../../src/commands/mount.js';
import { command as umount } from '../../src/commands/umount.js';
import { candidates } from '../../src/completion/candidates.js';
import { SCRIPTS } from '../../src/completion/scripts.js';
import { wordsOfLine } from '../../src/completion/typed-line.js';
import { type Command, CommandTables } from '../../src/config/command-table.js';
import { images, command as program } from '../support/paths.js';
import { erofs, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const image = join(images, 'plain.erofs');
const tables = new CommandTables([mount, umount, ls, cat, dump, cache, completion] as Command[]);

/** The machine may be busy. */
const patient = { EROFSJS_COMPLETION_SECONDS: '100' };

const isHere = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

/** "KIND: CANDIDATES" */
async function told(...typed: string[]): Promise<string> {
  const found = await candidates(tables, typed, async (table, before, current) => [
    `${table.name} ${before.at(-1)} ${current}`,
  ]);
  return 'words' in found ? `${found.kind}: ${found.words.join(' ')}` : found.kind;
}

t.test('commands, options, values, files and paths, each in its place', async (t) => {
  const expected: [string[], string][] = [
    [['c'], 'words: cat cache completion'],
    [['unm'], 'words: unmount'],
    [['nope', ''], 'words: '],
    [['mount', '--dri'], 'words: --driver'],
    [['mount', '--driver', ''], 'words: auto fuse kernel'],
    [['mount', '--driver=f'], 'words: --driver=fuse'],
    [['mount', '--hash-backend', 'n'], 'words: node noble'],
    [['mount', '--supervise', ''], 'files'],
    [['mount', '--log-file', ''], 'files'],
    [['umount', ''], 'directories'],
    [['ls', ''], 'files'],
    [['ls', '--cache-dir', ''], 'directories'],
    [['ls', '--long', 'a.erofs', '/u'], 'paths: ls a.erofs /u'],
    [['ls', '--offset', '4096', 'a.erofs', '/u'], 'paths: ls a.erofs /u'],
    [['ls', 'a.erofs', '/u', ''], 'words: '],
    [['cat', 'a.erofs', '/u', '/v'], 'paths: cat /u /v'],
    [['cat', '--', 'a.erofs', '-v'], 'paths: cat a.erofs -v'],
    [['dump', 'a.erofs', 's'], 'words: superblock'],
    [['dump', 'a.erofs', 'inode', '/u'], 'paths: dump inode /u'],
    [['cache', ''], 'words: ls verify gc rm'],
    [['cache', 'gc', '--cache-s'], 'words: --cache-size'],
    [['cache', 'ls', '--cache-s'], 'words: '],
    [['completion', 'z'], 'words: zsh'],
  ];
  for (const [typed, answer] of expected) t.equal(await told(...typed), answer, typed.join(' '));
});

t.test('a line as bash has it', async (t) => {
  t.same(wordsOfLine('erofs ls  "my image.erofs" /a\\ b'), ['erofs', 'ls', 'my image.erofs', '/a b']);
  t.same(wordsOfLine("erofs ls 'x y"), ['erofs', 'ls', 'x y']);
  t.same(wordsOfLine('erofs ls '), ['erofs', 'ls', '']);
});

t.test('the entry point: paths of an image; nothing, and no message, where there is none', async (t) => {
  const ask = (...words: string[]) => erofs(['complete-line', ...words], { environment: patient });
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [paths, missing, remote, broken, unknown] = await Promise.all([
    ask('zsh', '', 'cat', image, '/d'),
    ask('zsh', '', 'cat', '/no/such.erofs', '/'),
    ask('zsh', '', 'cat', `http://127.0.0.1:${port}/a.erofs`, '/'),
    ask('bash', '/', `erofs cat ${program} /`),
    ask('tcsh'),
  ]);
  t.match(paths, { status: 0, stdout: 'paths\n/data/\n/deep/\n/dup/\n', stderr: '' });
  for (const ended of [missing, remote, broken]) t.match(ended, { status: 0, stdout: '', stderr: '' });
  t.match(unknown, { status: 0, stderr: '' });
  server.close();
  t.equal(asked, 0, 'no network is asked');
});

t.test('a pipe is no image, and is not waited for', async (t) => {
  const fifo = join(scratch.folder(), 'fifo.erofs');
  t.equal(spawnSync('mkfifo', [fifo]).status, 0);
  const ended = await erofs(['complete-line', 'zsh', '', 'cat', fifo, '/'], { limit: 30 });
  t.match(ended, { timedOut: false, stdout: '', stderr: '' });
});

t.test('bash itself', { skip: isHere('bash') ? false : 'no bash here' }, async (t) => {
  const folder = scratch.folder();
  writeFileSync(join(folder, 'erofs'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`, {
    mode: 0o755,
  });
  copyFileSync(image, join(folder, 'my image.erofs'));
  mkdirSync(join(folder, 'place'));
  const script = `
    source <(erofs completion bash)
    press() { COMP_LINE=$1; COMP_POINT=\${#1}; _erofs erofs "$2" ""; echo "$1|\${COMPREPLY[*]}"; }
    press 'erofs ca' ca
    press 'erofs mount --driver=fu' fu
    press 'erofs cat "my image.erofs" /da' /da
    press 'erofs umount p' p
    complete -p erofs`;
  const ended = await run('bash', ['-c', script], {
    cwd: folder,
    environment: { ...patient, PATH: `${folder}:${process.env.PATH}` },
  });
  t.match(ended, { status: 0, stderr: '' });
  t.same(ended.stdout.trim().split('\n'), [
    'erofs ca|cat cache',
    'erofs mount --driver=fu|fuse',
    'erofs cat "my image.erofs" /da|/data/',
    'erofs umount p|place',
    'complete -F _erofs erofs',
  ]);
});

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  t.test(`${shell} reads its script`, { skip: isHere(shell) ? false : `no ${shell} here` }, async (t) => {
    const file = join(scratch.folder(), 'script');
    writeFileSync(file, SCRIPTS[shell]);
    const ended = await run(shell, ['-n', file]);
    t.match(ended, { status: 0, stdout: '', stderr: '' });
  });
}
