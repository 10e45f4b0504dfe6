/**
 * A mount of /dev/fuse, apart from who serves it: finding it, and ending it.
 *
 * LAW: nothing here touches the mounted file system.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log/log-events.js';
import { type MountEntry, mountAt, readMounts } from './mountinfo.js';
import { MountError } from './transport.js';
import { abortConnection, detach } from './unmount.js';

/** KiB. The kernel's 128 leave a reader waiting for each request in turn; only root may change it. */
const READ_AHEAD_KIB = 1024;

/** How long users of a mount that is to end, and is already out of their sight, may finish what they do. */
const GRACE_MS = 2_000;

/** The mount just made; its number is needed to end it when its own path no longer leads there. */
export function findMount(mountpoint: string): MountEntry {
  const entry = mountAt(mountpoint);
  if (entry !== undefined) return entry;
  const message = `${mountpoint} was mounted but is not in this process's mount table; is its path resolved?`;
  throw new MountError('mount-failed', message);
}

export function raiseReadAhead({ major, minor }: MountEntry, log: Log): void {
  const setting = `/sys/class/bdi/${major}:${minor}/read_ahead_kb`;
  try {
    writeFileSync(setting, `${READ_AHEAD_KIB}`);
  } catch (error) {
    log.debug(
      { event: 'readahead-unchanged', setting, reason: (error as Error).message },
      'readahead stays at what the kernel gives',
    );
  }
}

export interface Ending {
  /** false: reject with MountError 'busy' where somebody uses it; true: detach it and end it all the same */
  readonly evenIfBusy: boolean;
  /** settles when the kernel has ended the mount */
  readonly ended: Promise<void>;
  readonly log: Log;
}

export async function endMount(entry: MountEntry, { evenIfBusy, ended, log }: Ending): Promise<void> {
  const detached = await takeAway(entry, evenIfBusy);
  if (!evenIfBusy || (detached && (await endsWithinGrace(ended)))) return;
  log.warn(
    { event: 'ended-under-users', mountpoint: entry.mountpoint },
    'still in use: ended under its users',
  );
  abortConnection(entry.minor);
  await ended;
}

/** Returns whether the mount is out of sight. Rejects with MountError 'busy' unless `evenIfBusy`. */
async function takeAway(entry: MountEntry, evenIfBusy: boolean): Promise<boolean> {
  const { mountpoint } = entry;
  if (!readMounts().some((other) => isSame(other, entry))) return true;
  if (!isSame(mountAt(mountpoint), entry)) {
    if (evenIfBusy) return false;
    const message = `another mount covers the one on ${mountpoint}; unmount that first: umount ${mountpoint}`;
    throw new MountError('busy', message);
  }
  try {
    await detach(mountpoint, { lazy: false });
  } catch (error) {
    const code = error instanceof MountError ? error.code : undefined;
    // somebody else was quicker
    if (code === 'not-mounted') return true;
    if (code !== 'busy' || !evenIfBusy) throw error;
    await detach(mountpoint, { lazy: true });
  }
  return true;
}

function isSame(found: MountEntry | undefined, { mountpoint, major, minor }: MountEntry): boolean {
  return found?.mountpoint === mountpoint && found.major === major && found.minor === minor;
}

/** A mount that is out of sight ends with its last user. */
function endsWithinGrace(ended: Promise<void>): Promise<boolean> {
  return Promise.race([ended.then(() => true), sleep(GRACE_MS, false, { ref: false })]);
}
