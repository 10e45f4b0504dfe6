/**
 * The mounts of this user, or of all for root, and what their servers say.
 *
 * LAW: found by the mount table and the sockets, so that nothing that is mounted is ever asked: one whose server hangs keeps nobody
 * longer than the patience of control-client.ts.
 */
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { askStatus } from '../control/control-client.js';
import { type ControlSocket, controlSockets } from '../control/control-directory.js';
import { ControlError } from '../control/control-error.js';
import type { MountStatus } from '../control/controlled-mount.js';
import { findServers } from '../fuse/holders.js';
import { type MountEntry, mountAt, readMounts } from '../fuse/mountinfo.js';
import { resolveMountpoint } from '../fuse/mountpoint.js';
import { isErofsMount } from '../fuse/stale.js';
import { MountError } from '../fuse/transport.js';

/**
 * - `serving`  its server answers
 * - `silent`   its server runs, and cannot be asked or does not answer
 * - `dead`     its server has died: whoever touches it meets ENOTCONN
 * - `kernel`   it has no server
 * - `hidden`   its server answers, and the mount is not in this table: detached and still in use, or of another namespace
 */
export type MountState = 'serving' | 'silent' | 'dead' | 'kernel' | 'hidden';

export interface FoundMount {
  readonly mountpoint: string;
  readonly state: MountState;
  /** as the table has it; for a hidden one what is mounted */
  readonly source: string;
  /** "erofs", "fuse.erofs", ...; for a hidden one null */
  readonly type: string | null;
  /** of its server, as far as that is known */
  readonly pid: number | null;
  /** where it serves or is hidden */
  readonly status: MountStatus | null;
  readonly socket: string | null;
}

/** What asking gave; no status where nothing came in time, or nothing sensible. */
interface Answered extends ControlSocket {
  readonly status: MountStatus | undefined;
}

/** Milliseconds: a server listens a moment after its mount is there. */
const NEWBORN = 1_000;
const POLL = 50;

/** The topmost on `directory`, or all. Rejects with MountError 'not-mounted' where there is none of ours. */
export async function liveMounts(directory?: string): Promise<FoundMount[]> {
  if (directory === undefined) return found(readMounts().filter(isMine), true);
  const mountpoint = await resolveMountpoint(directory);
  const entry = mountAt(mountpoint);
  const mounts = entry === undefined ? [] : await found([entry], false);
  if (mounts.length > 0) return mounts;
  throw new MountError(
    'not-mounted',
    `${mountpoint} is no mount of ours; erofs status lists those that there are`,
  );
}

function isMine({ user }: MountEntry): boolean {
  const me = process.geteuid?.();
  return me === undefined || me === 0 || user === me;
}

async function found(entries: readonly MountEntry[], withHidden: boolean): Promise<FoundMount[]> {
  const answered = await askAll(controlSockets());
  const looked = await Promise.all(
    entries.map((entry) => {
      const asked = answered.find(({ status }) => status !== undefined && isOf(entry, status));
      return asked === undefined ? withoutAnswer(entry, answered) : served(entry, asked);
    }),
  );
  const mounts = looked.filter((mount) => mount !== undefined);
  if (!withHidden) return mounts;
  const all = readMounts();
  const hidden = answered.filter(
    ({ status }) => status !== undefined && !all.some((entry) => isOf(entry, status)),
  );
  return [...mounts, ...hidden.map((asked) => hiddenMount(asked.status!, asked))];
}

async function askAll(sockets: readonly ControlSocket[]): Promise<Answered[]> {
  const answered = await Promise.all(sockets.map(askOne));
  return answered.filter((answer) => answer !== undefined);
}

/** undefined for a socket that a server left that was killed; it is removed. */
async function askOne(socket: ControlSocket): Promise<Answered | undefined> {
  try {
    return { ...socket, status: await askStatus(socket.path) };
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    if (error.code !== 'gone') return { ...socket, status: undefined };
    rmSync(socket.path, { force: true });
    return undefined;
  }
}

/** The table of macOS has no devices. */
function isOf({ mountpoint, major, minor }: MountEntry, { mountpoint: own, device }: MountStatus): boolean {
  if (mountpoint !== own) return false;
  return (major === 0 && minor === 0) || (device?.major === major && device.minor === minor);
}

const served = ({ mountpoint, source, type }: MountEntry, { pid, path, status }: Answered): FoundMount => ({
  ...{ mountpoint, state: 'serving', source, type, pid, socket: path },
  status: status!,
});

const hiddenMount = (status: MountStatus, { pid, path }: Answered): FoundMount => ({
  ...{ mountpoint: status.mountpoint, state: 'hidden', source: status.image, type: null, pid, socket: path },
  status,
});

/** undefined for what is no mount of ours. */
async function withoutAnswer(
  entry: MountEntry,
  answered: readonly Answered[],
): Promise<FoundMount | undefined> {
  const { mountpoint, source, type } = entry;
  const known = { mountpoint, source, type, status: null, socket: null };
  if (type === 'erofs') return { ...known, state: 'kernel', pid: null };
  if (!isErofsMount(entry)) return undefined;
  const pids = findServers(entry);
  const [pid] = pids;
  if (pid === undefined) return { ...known, state: 'dead', pid: null };
  if (answered.some((asked) => pids.includes(asked.pid))) return { ...known, state: 'silent', pid };
  const newborn = await waitForSocket(pids);
  const status = newborn?.status;
  return newborn !== undefined && status !== undefined && isOf(entry, status)
    ? served(entry, newborn)
    : { ...known, state: 'silent', pid };
}

async function waitForSocket(pids: readonly number[]): Promise<Answered | undefined> {
  for (let waited = 0; waited < NEWBORN; waited += POLL) {
    const socket = controlSockets().find(({ pid }) => pids.includes(pid));
    if (socket !== undefined) return askOne(socket);
    await sleep(POLL);
  }
  return undefined;
}
