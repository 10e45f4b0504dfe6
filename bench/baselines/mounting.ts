/** What mounts of every kind have in common. */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { mountedAt } from '../../test/support/mount-table.js';
import { BenchError } from '../errors.js';
import { untilEnded } from '../measure/daemon.js';
import { run } from '../measure/program.js';
import { isRoot } from '../measure/root.js';
import type { Workspace } from '../measure/workspace.js';
import type { Mounted } from './baseline.js';

/** Seconds; 100 mounts at once take turns at the processor. */
export const MOUNT_LIMIT = 300;

/** Runs a program that mounts on the folder that `words` puts last or anywhere, and checks that it did. */
export async function mountBy(
  workspace: Workspace,
  words: (mountpoint: string) => readonly [string, ...string[]],
): Promise<Mounted> {
  const mountpoint = workspace.folder('mountpoint');
  const [program, ...parameters] = words(mountpoint);
  await run(program, parameters, { limit: MOUNT_LIMIT });
  if (mountedAt(mountpoint) === undefined) {
    throw new BenchError(
      'wrong-answer',
      `${program} ${parameters.join(' ')}: exit 0, and nothing is mounted`,
    );
  }
  return { path: mountpoint, unmount: () => unmount(mountpoint) };
}

/** A daemon may be in the middle of something that nobody waits for any more: the kernel then says "busy" once or twice. */
const TRIES = 20;
const BETWEEN_TRIES = 100;

export async function unmount(mountpoint: string): Promise<void> {
  const isFuse = mountedAt(mountpoint)?.type.startsWith('fuse') ?? false;
  const [program, ...words] = isFuse && !isRoot ? ['fusermount3', '-u'] : ['umount'];
  for (let tries = 1; ; tries++) {
    try {
      await run(program!, [...words, mountpoint], { limit: MOUNT_LIMIT });
      break;
    } catch (error) {
      if (tries === TRIES || !/busy/.test((error as Error).message)) throw error;
      await sleep(BETWEEN_TRIES);
    }
  }
  await untilEnded(mountpoint);
}

/** Why the kernel cannot mount file systems of `type` for this user; undefined where it can. */
export function noKernelMount(type: string): string | undefined {
  if (!isRoot) return 'needs root to mount through the kernel';
  const known = new RegExp(`\\b${type}$`, 'm').test(readFileSync('/proc/filesystems', 'utf8'));
  return known ? undefined : `this kernel has no ${type} (as root: modprobe ${type})`;
}

export const noFuse = (): string | undefined =>
  existsSync('/dev/fuse') ? undefined : '/dev/fuse is missing';
