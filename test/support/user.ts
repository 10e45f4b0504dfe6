/**
 * Whom a program runs as. `root` and `plain` are skipped with a reason where this process cannot become them;
 * a plain user that runs the tests is `plain` itself.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from './paths.js';

export type User = 'root' | 'plain' | 'self';

export const isRoot = process.getuid?.() === 0;

/** nobody and nogroup, where root plays a plain user */
export const plainId = isRoot ? 65534 : (process.getuid?.() ?? 0);

const becomePlain = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];

/** Why no program can be run as `user` here; undefined where it can. */
export function noSuchUser(user: User): string | undefined {
  if (user === 'root' && !isRoot) return 'needs root';
  if (user === 'plain' && isRoot && spawnSync('setpriv', ['--version']).status !== 0) {
    return 'needs setpriv (util-linux) to become a plain user';
  }
  return undefined;
}

/** The words and the environment that run `words` as `user`. */
export function withUser(
  words: readonly string[],
  user: User,
): { words: readonly string[]; environment: NodeJS.ProcessEnv } {
  const environment: NodeJS.ProcessEnv = { ...process.env };
  for (const name of Object.keys(environment)) {
    // what the test runner and tap put there is none of the command's business
    if (/^(TAP_|_TAPJS|NODE_OPTIONS$|EROFS_|EROFSJS_|XDG_)/.test(name)) delete environment[name];
  }
  environment.LC_ALL = 'C.UTF-8';
  if (user !== 'plain') return { words, environment };
  const { home, reach } = plainView();
  environment.HOME = home;
  const seen = isRoot ? words.map(reach) : words;
  return { words: isRoot ? [...becomePlain, ...seen] : seen, environment };
}

/** A path of the package, or of node, as the plain user can open it. */
export const asPlainReaches = (path: string): string => plainView().reach(path);

interface PlainView {
  /** its home folder, private to this test file */
  readonly home: string;
  /** a word of a command line, its paths below the package or node replaced by ones that the user can open */
  reach(word: string): string;
}

let view: PlainView | undefined;

/** As root in a folder of root's own, the package and node are bound to a place that everybody can enter. */
function plainView(): PlainView {
  if (view) return view;
  const folder = mkdtempSync(join(tmpdir(), 'plain-'));
  const home = join(folder, 'home');
  mkdirSync(home);
  const bound: { from: string; to: string }[] = [];
  if (isRoot) {
    chmodSync(folder, 0o755);
    chownSync(home, plainId, plainId);
    if (!canPlainRead(join(packageRoot, 'package.json')))
      bound.push(bind(packageRoot, join(folder, 'package')));
    if (!canPlainRead(process.execPath)) bound.push(bind(process.execPath, join(folder, 'node')));
  }
  process.once('exit', () => {
    for (const { to } of bound) unbind(to);
    rmSync(home, { recursive: true, force: true });
    rmdirSync(folder);
  });
  view = {
    home,
    reach: (word) => {
      for (const { from, to } of bound) {
        if (word === from || word.startsWith(`${from}/`)) return to + word.slice(from.length);
        if (word.includes(`=${from}/`)) return word.replaceAll(`=${from}/`, `=${to}/`);
      }
      return word;
    },
  };
  return view;
}

const canPlainRead = (path: string): boolean =>
  spawnSync(becomePlain[0]!, [...becomePlain.slice(1), 'test', '-r', path]).status === 0;

/** Read-only: whoever clears the temporary folder by force must not meet the package itself there. */
function bind(from: string, to: string): { from: string; to: string } {
  if (statSync(from).isDirectory()) mkdirSync(to);
  else writeFileSync(to, '');
  for (const words of [
    ['--bind', from],
    ['-o', 'remount,bind,ro'],
  ]) {
    const { status, stderr } = spawnSync('mount', [...words, to], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${from} cannot be bound to ${to} for a plain user: ${stderr.trim()}`);
  }
  return { from, to };
}

function unbind(to: string): void {
  const isDirectory = statSync(to).isDirectory();
  spawnSync('umount', ['-l', to]);
  if (isDirectory) rmdirSync(to);
  else unlinkSync(to);
}

/** Gives a folder or file to the plain user. */
export function giveToPlain(path: string): void {
  if (isRoot) chownSync(path, plainId, plainId);
}
