/** `erofs upgrade`: this version of the program serves a mount from now on, which nobody notices who uses it. */
import { programPath } from '../programs.js';
import { orderUpgrade } from './control-socket.js';
import { findServers } from './holders.js';
import { mountAt } from './mountinfo.js';
import { resolveMountpoint } from './mountpoint.js';
import { isErofsMount } from './stale.js';
import { MountError } from './transport.js';

const PROGRAM = programPath('serving-program');

/**
 * Settles when the mount on `directory` (as typed) is served by a process of this version; resolves with the line that says so.
 * Rejects with MountError 'not-mounted', 'not-supervised', 'incompatible', or why the new process cannot serve; then the old one
 * goes on.
 */
export async function upgradeMount(directory: string): Promise<string> {
  const mountpoint = await resolveMountpoint(directory);
  const entry = mountAt(mountpoint);
  if (entry === undefined || !isErofsMount(entry)) {
    throw new MountError(
      'not-mounted',
      `no image is mounted on ${mountpoint}; findmnt lists what is mounted`,
    );
  }
  if (entry.type === 'erofs') {
    const what = `${mountpoint} is a mount of the kernel's own erofs`;
    throw new MountError('not-supervised', `${what}, which no program serves; there is nothing to upgrade`);
  }
  const { version, pid } = await orderUpgrade(mountpoint, findServers(entry), {
    node: process.execPath,
    file: PROGRAM,
  });
  return `${mountpoint} is served by version ${version} (process ${pid})`;
}
