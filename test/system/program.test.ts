import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { runProgram } from '../../src/system/program.js';

const write = (text: string, status: number) => [
  '-e',
  `process.stderr.write(${JSON.stringify(text)}); process.exitCode = ${status}`,
];

t.test('what a program complains of is one line', async (t) => {
  t.strictSame(await runProgram(process.execPath, write('first\n  second\n', 3)), {
    success: false,
    complaint: 'first; second',
    output: '',
  });
});

t.test('what a program prints is read where it is wanted', async (t) => {
  const printing = ['-e', 'console.log("3.14")'];
  t.match(await runProgram(process.execPath, printing, { withOutput: true }), { output: '3.14\n' });
  t.match(await runProgram(process.execPath, printing), { output: '' });
});

t.test('how a silent program ended', async (t) => {
  t.match(await runProgram(process.execPath, write('', 3)), { success: false, complaint: /status 3/ });
  t.match(await runProgram(process.execPath, write('', 0)), { success: true });
  const killed = await runProgram(process.execPath, ['-e', 'process.kill(process.pid, "SIGKILL")']);
  t.match(killed, { success: false, complaint: /SIGKILL/ });
});

t.test('arguments are no shell text', async (t) => {
  const said = 'process.stderr.write(process.argv[1])';
  const { complaint } = await runProgram(process.execPath, ['-e', said, '$(id) `id` "; id']);
  t.equal(complaint, '$(id) `id` "; id');
});

t.test('a descriptor arrives as 3', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'program-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'written');
  const descriptor = openSync(path, 'w');
  await runProgram(process.execPath, ['-e', 'require("node:fs").writeSync(3, "here")'], { descriptor });
  closeSync(descriptor);
  t.equal(readFileSync(path, 'utf8'), 'here');
});

t.test('a program that is not there, or may not be run', async (t) => {
  await t.rejects(runProgram('no-such-program-of-erofsjs', []), { code: 'ENOENT' });
  const directory = mkdtempSync(join(tmpdir(), 'program-'));
  const path = process.env.PATH;
  t.teardown(() => {
    process.env.PATH = path;
    rmSync(directory, { recursive: true });
  });
  process.env.PATH = `${directory}:${path}`;
  writeFileSync(join(directory, 'no-such-program-of-erofsjs'), '#!/bin/sh\n', { mode: 0o644 });
  await t.rejects(runProgram('no-such-program-of-erofsjs', []), { code: 'EACCES' });
});

t.test(
  'what interrupts this process does not reach it',
  { skip: process.platform !== 'linux' },
  async (t) => {
    // proc_pid_stat(5): the process group is the third word behind the name
    const groupOf = (stat: string) => stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2];
    const body = 'process.stderr.write(require("node:fs").readFileSync("/proc/self/stat", "utf8"))';
    const { complaint } = await runProgram(process.execPath, ['-e', body]);
    t.not(groupOf(complaint), groupOf(readFileSync('/proc/self/stat', 'utf8')));
  },
);
