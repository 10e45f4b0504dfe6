#!/usr/bin/env node
// npm run demo: mounts a sample image, shows its tree, reads a file, unmounts. Works straight after a clone.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { build } from './build.mjs';
import { install, root } from './install.mjs';

const image = join('demo', 'sample.erofs');
const file = join('poems', 'the-reader.txt');
/** A mount that does not answer by then is a bug, and no reason to wait longer. */
const limit = { timeout: 60_000, killSignal: 'SIGKILL' };

try {
  install();
  await build();
  const missing = whatIsMissing();
  if (missing) withoutMount(missing);
  else withMount();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

function withMount() {
  const mountpoint = mkdtempSync(join(tmpdir(), 'erofs-demo-'));
  let isMounted = false;
  try {
    erofs('mount', '--driver', 'fuse', image, mountpoint);
    isMounted = true;
    console.log(`\nWhat any program sees on ${mountpoint}:`);
    showTree(mountpoint);
    say(`cat ${join(mountpoint, file)}`);
    process.stdout.write(readFileSync(join(mountpoint, file)));
  } finally {
    if (isMounted) erofs('umount', mountpoint);
    rmdirSync(mountpoint);
  }
  console.log('\nMounted, read and unmounted. Next: erofs --help, or README.md');
}

function withoutMount(missing) {
  console.log(`\nNothing can be mounted here: ${missing}.\nThe same image without a mount:`);
  erofs('ls', '-l', '-R', image);
  erofs('cat', image, file);
  console.log('\nRead without a mount. Next: erofs --help, or README.md');
}

/** What a mount through FUSE lacks here, and what to do; undefined where nothing is missing. */
function whatIsMissing() {
  if (process.platform !== 'linux') return undefined;
  if (!existsSync('/dev/fuse'))
    return '/dev/fuse is missing (as root: modprobe fuse; in a container: --device /dev/fuse)';
  if (process.getuid() === 0) return undefined;
  const hasFusermount = process.env.PATH.split(delimiter).some((folder) =>
    existsSync(join(folder, 'fusermount3')),
  );
  if (!hasFusermount) return 'a plain user needs fusermount3 (Debian, Ubuntu: apt install fuse3)';
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
  } catch {
    return '/dev/fuse may not be opened by this user (as root: chmod 0666 /dev/fuse)';
  }
  return undefined;
}

/** Shows the command line and runs it as this build has it. Throws when it fails. */
function erofs(...words) {
  say(`erofs ${words.join(' ')}`);
  const command = join(root, 'dist', 'bin', 'cli.js');
  const { status, signal } = spawnSync(process.execPath, [command, ...words], {
    cwd: root,
    stdio: 'inherit',
    ...limit,
  });
  if (status !== 0) throw new Error(`erofs ${words[0]} failed (${signal ?? `exit ${status}`})`);
}

function say(line) {
  console.log(`\n$ ${line}`);
}

function showTree(folder, indent = '') {
  const entries = readdirSync(folder, { withFileTypes: true });
  for (const [index, entry] of entries.entries()) {
    const isLast = index === entries.length - 1;
    const path = join(folder, entry.name);
    const target = entry.isSymbolicLink() ? ` -> ${readlinkSync(path)}` : '';
    console.log(`${indent}${isLast ? '└── ' : '├── '}${entry.name}${entry.isDirectory() ? '/' : target}`);
    if (entry.isDirectory()) showTree(path, indent + (isLast ? '    ' : '│   '));
  }
}
