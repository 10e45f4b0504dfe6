/** All that is looked at, in the order in which a mount needs it. */
import { describe } from '../commands/failure.js';
import { appArmor, userNamespaces } from './confinement.js';
import { credentials } from './credentials.js';
import { deadMounts } from './dead-mounts.js';
import { fuseDevice, mountRight } from './device.js';
import { type Finding, warning } from './finding.js';
import { allowOther, fusermount } from './fusermount.js';
import { kernelErofs, readAhead } from './kernel.js';
import { descriptorLimit, memoryLimit } from './limits.js';
import type { Machine } from './machine.js';
import { clock, proxies } from './network.js';
import { koffi, libfuse2, lz4, node, zstd } from './parts.js';
import { cacheDirectory, controlPlace, logPlace } from './places.js';

export interface Wanted {
  /** budget of a mount, in bytes */
  readonly memory: number;
  /** whose clock is to be compared; no server is asked without it */
  readonly url: URL | undefined;
}

type Found = Finding | readonly Finding[] | undefined;
type Check = (machine: Machine, wanted: Wanted) => Found | Promise<Found>;

/** By what is said where a look itself fails. */
const OF_LINUX: readonly (readonly [subject: string, check: Check])[] = [
  ['/dev/fuse', fuseDevice],
  ['right to mount', mountRight],
  ['fusermount3', fusermount],
  ['user_allow_other', allowOther],
  ['AppArmor', appArmor],
  ['user namespaces', userNamespaces],
  ['kernel erofs', kernelErofs],
  ['read-ahead', readAhead],
  ['memory', (machine, { memory }) => memoryLimit(machine, memory)],
  ['open files', descriptorLimit],
];

const OF_ALL: readonly (readonly [subject: string, check: Check])[] = [
  ['Node.js', node],
  ['koffi', koffi],
  ['LZ4', lz4],
  ['ZSTD', zstd],
  ['libfuse 2', libfuse2],
  ['cache directory', cacheDirectory],
  ['log directory', logPlace],
  ['socket directory', controlPlace],
  ['proxies', proxies],
  ['credentials', credentials],
  ['clock', (machine, { url }) => url && clock(machine, url)],
];

/** Never rejects for what a machine lacks or hides: a look that fails is a warning, and the rest goes on. */
export async function* examine(machine: Machine, wanted: Wanted): AsyncGenerator<Finding> {
  const isLinux = machine.platform === 'linux';
  const checks = [...(isLinux ? OF_LINUX : []), ...OF_ALL];
  if (isLinux) checks.push(['mounts', deadMounts]);
  for (const [subject, check] of checks) yield* await look(subject, () => check(machine, wanted));
}

async function look(subject: string, check: () => Found | Promise<Found>): Promise<readonly Finding[]> {
  try {
    const found = await check();
    return found === undefined ? [] : [found].flat();
  } catch (error) {
    return [warning(subject, `could not be looked at: ${describe(error)}`, 'sudo erofs doctor')];
  }
}
