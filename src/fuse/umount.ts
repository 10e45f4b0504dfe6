/** `erofs umount`: ends a mount of ours, whether its server lives, hangs or has died. */
import { setTimeout as sleep } from 'node:timers/promises';
import { findHolders, findMountsBelow, findServers } from './holders.js';
import { type MountEntry, mountAt } from './mountinfo.js';
import { resolveMountpoint } from './mountpoint.js';
import { commandName, isRunning } from './process-table.js';
import { isErofsMount, probe } from './stale.js';
import { MountError } from './transport.js';
import { abortConnection, detach } from './unmount.js';

export interface WantedUnmount {
  /** as typed */
  readonly mountpoint: string;
  /** detach now, and let the users of the mount go on */
  readonly lazy: boolean;
  /** end it now: whoever uses it meets errors */
  readonly force: boolean;
  /** this process leaves its working directory, which may be what keeps the mount busy */
  readonly mayLeave: boolean;
}

const PATIENCE_MS = 5_000;

/**
 * Settles when the topmost mount on the directory is gone and its server has ended; `note` gets a line where
 * the server goes on. Rejects with MountError 'not-mounted', 'busy' (which names who) or 'no-permission'.
 */
export async function unmountImage(wanted: WantedUnmount, note: (line: string) => void): Promise<void> {
  const mountpoint = await resolveMountpoint(wanted.mountpoint).catch((error) => {
    if (!(error instanceof MountError && error.code === 'mountpoint-missing')) throw error;
    throw new MountError('not-mounted', `${wanted.mountpoint} does not exist, so nothing is mounted there`);
  });
  const entry = mountAt(mountpoint);
  if (entry === undefined) {
    throw new MountError('not-mounted', `${mountpoint} is not a mountpoint; findmnt lists what is mounted`);
  }
  const servers = findServers(entry);
  if (!isErofsMount(entry) && !servers.some((pid) => /^erofs\b/.test(commandName(pid)))) {
    const what = `${mountpoint} is a mount of type ${entry.type} and none of ours`;
    throw new MountError('not-mounted', `${what}; use: umount ${mountpoint}`);
  }
  if (wanted.mayLeave) process.chdir('/');

  const isFuse = entry.type.startsWith('fuse');
  if (wanted.force && isFuse) await abort(entry, servers);
  if (wanted.lazy || wanted.force) await detach(mountpoint, { lazy: true });
  else await detachUnused(entry, servers);

  const left = await waitForEnd(servers, wanted.lazy && !wanted.force ? 0 : PATIENCE_MS);
  for (const pid of left) {
    const why = wanted.lazy
      ? 'and ends with the last user of the mount'
      : `although the mount is gone; end it: kill -9 ${pid}`;
    note(`the server (process ${pid}) still runs, ${why}`);
  }
}

/** Ends every request at once. Only root may write to the control file system; a user may end the server. */
async function abort(entry: MountEntry, servers: readonly number[]): Promise<void> {
  try {
    abortConnection(entry.minor);
  } catch (error) {
    if (servers.length === 0) throw error;
    for (const pid of servers) process.kill(pid, 'SIGKILL');
    await waitForEnd(servers, PATIENCE_MS);
  }
}

async function detachUnused(entry: MountEntry, servers: readonly number[]): Promise<void> {
  const { mountpoint } = entry;
  try {
    await detach(mountpoint, { lazy: false });
  } catch (error) {
    if (!(error instanceof MountError && error.code === 'busy')) throw error;
    if (!entry.type.startsWith('fuse') || !(await isDead(entry, servers))) throw busy(entry, error);
    await detach(mountpoint, { lazy: true });
  }
}

/**
 * A server that was killed can have left a thread that waits in the kernel for one of its own requests: then the connection is
 * open, served by no process, and is ended here.
 */
async function isDead({ mountpoint, minor }: MountEntry, servers: readonly number[]): Promise<boolean> {
  const answer = await probe(mountpoint, PATIENCE_MS);
  if (answer.state === 'hangs' && servers.length === 0) {
    abortConnection(minor);
    return true;
  }
  return answer.state === 'fails' && answer.code === 'ENOTCONN';
}

function busy(entry: MountEntry, cause: Error): MountError {
  const users = [
    ...findHolders(entry).map(({ pid, name, by }) => `${name} (process ${pid}, ${by})`),
    ...findMountsBelow(entry).map(({ mountpoint }) => `the mount on ${mountpoint}`),
  ];
  const hidden = process.geteuid?.() === 0 ? 'the kernel itself, such as a loop device' : 'another user';
  const who = users.length > 0 ? users.join(', ') : hidden;
  return new MountError(
    'busy',
    `${entry.mountpoint} is in use by ${who}; end that first, or detach the mount: erofs umount --lazy ${entry.mountpoint}`,
    { cause },
  );
}

/** Those of `servers` that still run after at most `milliseconds`. */
async function waitForEnd(servers: readonly number[], milliseconds: number): Promise<readonly number[]> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const left = servers.filter(isRunning);
    if (left.length === 0 || performance.now() >= deadline) return left;
    await sleep(10);
  }
}
