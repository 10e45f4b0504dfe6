/** Mounts of this user, of all for root, whose server has died: whoever touches one meets ENOTCONN. */
import { quoteName } from '../commands/quote.js';
import { parseMountinfo } from '../fuse/mountinfo.js';
import { isErofsMount } from '../fuse/stale.js';
import { bad, type Finding, good } from './finding.js';
import type { Machine } from './machine.js';

/** One finding for each, or one that says that there is none. */
export function deadMounts({ user, read, serversOf }: Machine): Finding[] {
  const check = 'mounts';
  const mounts = parseMountinfo(read('/proc/self/mountinfo') ?? '').filter(
    (entry) => isErofsMount(entry) && entry.type.startsWith('fuse') && (user === 0 || entry.user === user),
  );
  const dead = mounts.filter((entry) => serversOf(entry).length === 0);
  if (dead.length === 0) return [good(check, `through FUSE: ${mounts.length}, and each has a server`)];
  return dead.map(({ mountpoint }) => {
    const path = quoteName(Buffer.from(mountpoint));
    return bad(check, `the server of ${path} has died`, `erofs umount ${path}`);
  });
}
