/**
 * The mount table as the kernel tells it, without touching any mounted file system: a table can be read while
 * a mount in it hangs. Linux: proc_pid_mountinfo(5). macOS has no such file: mount(8) prints its table.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface MountEntry {
  readonly id: number;
  readonly parent: number;
  /** st_dev of the files of this mount; 0:0 where the system does not tell */
  readonly major: number;
  readonly minor: number;
  /** absolute */
  readonly mountpoint: string;
  /** flags of this mount, such as "ro", "nosuid", "nodev" */
  readonly options: readonly string[];
  /** "fuse.erofs", "erofs", "ext4", ... */
  readonly type: string;
  readonly source: string;
  /** who mounted it; undefined where that is not a mount of FUSE, or the system does not tell */
  readonly user: number | undefined;
}

/** All mounts of this process's mount namespace, in the order of mounting. Throws what reading the table throws. */
export function readMounts(): MountEntry[] {
  if (process.platform === 'darwin') {
    return parseMountProgram(execFileSync('/sbin/mount', { encoding: 'utf8' }));
  }
  return parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** The mount that a lookup of `mountpoint` (absolute, resolved) meets: the last one mounted there. */
export function mountAt(mountpoint: string, mounts = readMounts()): MountEntry | undefined {
  return mounts.findLast((entry) => entry.mountpoint === mountpoint);
}

export function parseMountinfo(table: string): MountEntry[] {
  const mounts: MountEntry[] = [];
  for (const line of table.split('\n')) {
    const fields = line.split(' ');
    // a variable number of optional fields ends with a lone hyphen
    const separator = fields.indexOf('-', 6);
    if (separator < 0) continue;
    const [id, parent, device, , mountpoint, options] = fields;
    const [major, minor] = device!.split(':');
    mounts.push({
      id: Number(id),
      parent: Number(parent),
      major: Number(major),
      minor: Number(minor),
      mountpoint: unescapeOctal(mountpoint!),
      options: options!.split(','),
      type: unescapeOctal(fields[separator + 1] ?? ''),
      source: unescapeOctal(fields[separator + 2] ?? ''),
      user: userOf(fields[separator + 3] ?? ''),
    });
  }
  return mounts;
}

/** Lines such as "/dev/disk1 on / (apfs, local, read-only)". */
export function parseMountProgram(table: string): MountEntry[] {
  const mounts: MountEntry[] = [];
  for (const line of table.split('\n')) {
    const match = /^(.*) on (\/.*) \(([^()]*)\)$/.exec(line);
    if (match === null) continue;
    const [type, ...options] = match[3]!.split(', ');
    const id = mounts.length;
    mounts.push({
      id,
      parent: 0,
      major: 0,
      minor: 0,
      mountpoint: match[2]!,
      options,
      type: type!,
      source: match[1]!,
      user: undefined,
    });
  }
  return mounts;
}

function userOf(superOptions: string): number | undefined {
  const user = /(?:^|,)user_id=(\d+)/.exec(superOptions)?.[1];
  return user === undefined ? undefined : Number(user);
}

/** The kernel writes space, tab, newline, backslash and `#` as a backslash and three octal digits, a byte each. */
function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
