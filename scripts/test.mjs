#!/usr/bin/env node
// npm test [PATTERN...]: installs, builds, prepares the system, runs the test files whose path has a PATTERN,
// and ends with `N passed, N failed, N skipped`. Works straight after a clone, with Node and npm alone.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from './build.mjs';
import { install, root } from './install.mjs';
import { prepareSystem } from './system-packages.mjs';

/** A file waits for half of its time and more (three kept two cores busy for two thirds of it). */
const jobs = 4;

const dist = join(root, 'dist');
const patterns = process.argv.slice(2);

try {
  install();
  await build(dist);
  prepareSystem();
  process.exitCode = await test();
} catch (error) {
  console.error(error.message);
  console.log('0 passed, 1 failed, 0 skipped');
  process.exitCode = 1;
}

async function test() {
  const { runTests } = await import('./run-tests.mjs');
  // all that the suites mount and write lies below one folder, so that what they leave can be seen; all users may write, as in /tmp
  const scratch = mkdtempSync(join(tmpdir(), 'erofsjs-test-'));
  chmodSync(scratch, 0o1777);
  const totals = await runTests(testFiles(), { dist, jobs, environment: { TMPDIR: scratch } });
  totals.failed += await clear(scratch);
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  return totals.failed === 0 && totals.passed > 0 ? 0 : 1;
}

/** Compiled files whose source exists: what an earlier build left in dist is no test. Mount suites, the longest, first. */
function testFiles() {
  const names = sources('test')
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) => patterns.length === 0 || patterns.some((pattern) => name.includes(pattern)));
  if (names.length === 0)
    throw new Error(`no test file matches ${patterns.join(' ') || 'test/**/*.test.ts'}`);
  const isMount = (name) => name.startsWith(join('test', 'mount'));
  names.sort((a, b) => Number(isMount(b)) - Number(isMount(a)) || (a < b ? -1 : 1));
  return names.map((name) => join(dist, name.replace(/\.ts$/, '.js')));
}

function sources(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? sources(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

/** Ends and detaches what the suites left below `folder`, names each, and returns how many there were. */
async function clear(folder) {
  const mounts = leftMounts(folder);
  for (const mountpoint of mounts) {
    console.log(`FAIL a suite left ${mountpoint} mounted`);
    spawnSync(process.getuid() === 0 ? 'umount' : 'fusermount3', [
      process.getuid() === 0 ? '-l' : '-uz',
      mountpoint,
    ]);
  }
  const processes = await untilEnded(folder);
  for (const { pid, line } of processes) {
    console.log(`FAIL a suite left process ${pid}: ${line}`);
    kill(pid);
  }
  // never through a mount that could not be detached
  if (leftMounts(folder).length === 0) rmSync(folder, { recursive: true, force: true });
  return mounts.length + processes.length;
}

function leftMounts(folder) {
  if (!existsSync('/proc/self/mounts')) return [];
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((mountpoint) => mountpoint.startsWith(`${folder}/`));
}

/** The processes that are left after a while: a daemon may need a moment to notice that its mount has gone. */
async function untilEnded(folder) {
  const deadline = Date.now() + 5000;
  for (;;) {
    const left = leftProcesses(folder);
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(50);
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function leftProcesses(folder) {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), line: commandLine(name) }))
    .filter(({ line }) => line.includes(`${folder}/`));
}

function commandLine(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return ''; // it has ended
  }
}
