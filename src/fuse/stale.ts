/**
 * Mounts of ours that are in the way of a new one: dead ones are cleaned, live ones are left alone.
 *
 * LAW: whether a mount answers is found out by a child process with a time limit. A system call on a mount
 * whose server hangs may never return, not even when its process is killed.
 */
import { spawn } from 'node:child_process';
import { type MountEntry, mountAt } from './mountinfo.js';
import { MountError } from './transport.js';
import { detach } from './unmount.js';

/** What asking for a path gave: its st_dev, the error's code, or nothing in time. */
export type Answer =
  | { readonly state: 'answers'; readonly device: number }
  | { readonly state: 'fails'; readonly code: string }
  | { readonly state: 'hangs' };

/** statfs(2) is put to the server each time; a dead mount's stat(2) is answered from the kernel's cache. */
const ASK = `
const { statfsSync, statSync } = require('node:fs');
let answer;
try {
  statfsSync(process.argv[1]);
  answer = { state: 'answers', device: statSync(process.argv[1]).dev };
} catch (error) {
  answer = { state: 'fails', code: String(error.code) };
}
process.stdout.write(JSON.stringify(answer));`;

/** Asks from a process of its own. Rejects only where no process can be started. */
export function probe(path: string, milliseconds: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', ASK, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      // a child in an uninterruptible call outlives even this; it must not keep this process
      child.stdout.destroy();
      child.unref();
      resolve({ state: 'hangs' });
    }, milliseconds);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      if (said !== '') resolve(JSON.parse(said) as Answer);
      else reject(new Error(`the process that asks for ${path} ended with ${signal ?? `status ${status}`}`));
    });
  });
}

/** Mounts of this program, by type: the kernel's erofs, fuse.erofs, and what other erofs servers call theirs. */
export function isErofsMount(entry: MountEntry, subtype = 'erofs'): boolean {
  return entry.type === 'erofs' || entry.type === `fuse.${subtype}` || /^fuse\..*erofs/.test(entry.type);
}

const PATIENCE_MS = 5_000;

/**
 * Detaches dead mounts of ours from `mountpoint` (as the mount table shows it), the topmost first, and says so.
 * Throws MountError 'already-mounted' where one of them lives, or what detach() throws.
 */
export async function clearStaleMounts(
  mountpoint: string,
  subtype: string,
  say: (line: string) => void,
): Promise<void> {
  let entry = mountAt(mountpoint);
  while (entry !== undefined && isErofsMount(entry, subtype)) {
    await requireDead(entry);
    await detach(mountpoint, { lazy: true });
    say(`cleaned a stale mount of ${entry.source} on ${mountpoint}: its server had died`);
    const next = mountAt(mountpoint);
    if (next?.id === entry.id) {
      throw new MountError('busy', `the stale mount on ${mountpoint} does not go away; as root: umount -l`);
    }
    entry = next;
  }
}

async function requireDead({ mountpoint, source, type }: MountEntry): Promise<void> {
  const answer = type.startsWith('fuse') ? await probe(mountpoint, PATIENCE_MS) : undefined;
  if (answer?.state === 'fails' && answer.code === 'ENOTCONN') return;
  const [how, command] =
    answer?.state === 'hangs'
      ? [' and does not answer', `erofs umount --force ${mountpoint}`]
      : ['', `erofs umount ${mountpoint}`];
  throw new MountError(
    'already-mounted',
    `${source} is already mounted on ${mountpoint}${how}; unmount it first: ${command}`,
  );
}
