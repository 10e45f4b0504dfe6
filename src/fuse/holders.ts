/**
 * Who keeps a mount busy, and who serves it.
 *
 * LAW: nothing here asks the mounted file system: descriptors are matched by mount id (fdinfo), mappings by
 * device number (maps), directories by the path that the kernel prints. So it works while the mount hangs.
 * Processes of other users are visible to root alone.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { type MountEntry, readMounts } from './mountinfo.js';
import { anyDescriptor, commandName, ifVisible, processIds } from './process-table.js';

export interface Holder {
  readonly pid: number;
  readonly name: string;
  /** "working directory", "root directory", "open file" or "mapped file" */
  readonly by: string;
}

/** Processes other than this one that use `entry`, in order of their ids. */
export function findHolders(entry: MountEntry): Holder[] {
  const holders: Holder[] = [];
  for (const pid of processIds()) {
    const by = pid === process.pid ? undefined : howHeld(pid, entry);
    if (by !== undefined) holders.push({ pid, name: commandName(pid), by });
  }
  return holders;
}

/** Mounts below `entry`, which keep it busy as well. */
export function findMountsBelow(entry: MountEntry): MountEntry[] {
  return readMounts().filter((other) => other.parent === entry.id);
}

/** The processes that serve a FUSE mount: those that have its connection open, or are called after it. */
export function findServers(entry: MountEntry): number[] {
  if (!entry.type.startsWith('fuse')) return [];
  return processIds().filter((pid) => pid !== process.pid && serves(pid, entry));
}

function serves(pid: number, { major, minor, mountpoint }: MountEntry): boolean {
  const title = ifVisible(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/[\0 ]+$/, '')) ?? '';
  const isOurs = title.startsWith('erofs ');
  if (isOurs && title.endsWith(` ${mountpoint}`)) return true;
  // the connection is numbered like the device, as the kernel keeps it: 20 bits of minor
  const connection = String(major * 2 ** 20 + minor);
  // one of ours that is called after another mount holds the number from when it was that one's, which has ended
  return !isOurs && anyDescriptor(pid, /^fuse_connection:\s*(\d+)$/m, (value) => value === connection);
}

function howHeld(pid: number, entry: MountEntry): string | undefined {
  if (linkLeadsInto(`/proc/${pid}/cwd`, entry.mountpoint)) return 'working directory';
  if (linkLeadsInto(`/proc/${pid}/root`, entry.mountpoint)) return 'root directory';
  if (anyDescriptor(pid, /^mnt_id:\s*(\d+)$/m, (value) => value === String(entry.id))) return 'open file';
  if (ifVisible(() => hasMapping(pid, entry))) return 'mapped file';
  return undefined;
}

function linkLeadsInto(link: string, mountpoint: string): boolean {
  const target = ifVisible(() => readlinkSync(link));
  return target === mountpoint || target?.startsWith(`${mountpoint}/`) === true;
}

function hasMapping(pid: number, { major, minor }: MountEntry): boolean {
  const device = ` ${hexadecimal(major)}:${hexadecimal(minor)} `;
  return readFileSync(`/proc/${pid}/maps`, 'latin1').includes(device);
}

function hexadecimal(number: number): string {
  return number.toString(16).padStart(2, '0');
}
