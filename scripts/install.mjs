// Brings node_modules up to the lock file. LAW: needs nothing but Node and npm, like every script that runs first.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs `npm ci` where node_modules is missing or older than package-lock.json. Throws when npm fails. */
export function install() {
  const lock = join(root, 'package-lock.json');
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log('npm ci: installing the packages of package-lock.json');
  // started by npm, the same npm goes on; started by node, the one on PATH
  const npm = process.env.npm_execpath;
  const command = npm ? process.execPath : 'npm';
  const before = npm ? [npm] : [];
  run(command, [...before, 'ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Runs one program to its end, its output going where ours goes. Throws when it fails. */
export function run(command, parameters) {
  const { status, signal, error } = spawnSync(command, parameters, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) throw new Error(`${command}: ${error.message}`, { cause: error });
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')}: ${signal ?? `exit ${status}`}`);
}
