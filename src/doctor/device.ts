/** May this user have the kernel's FUSE? */
import { bad, type Finding, good } from './finding.js';
import type { Machine } from './machine.js';

const DEVICE = '/dev/fuse';
const IN_A_CONTAINER = `docker run --device ${DEVICE} --cap-add SYS_ADMIN`;

export function fuseDevice(machine: Machine): Finding {
  const code = machine.openingFails(DEVICE);
  switch (code) {
    case undefined:
      return good(DEVICE, 'is there and opens');
    case 'ENOENT':
    case 'ENODEV':
    case 'ENXIO':
      return bad(DEVICE, `is not there (${code})`, `sudo modprobe fuse; in a container: ${IN_A_CONTAINER}`);
    case 'EACCES':
      return bad(DEVICE, 'this user may not open it (EACCES)', `sudo chmod 0666 ${DEVICE}`);
    default:
      // the device groups of a container say EPERM
      return bad(DEVICE, `does not open (${code})`, IN_A_CONTAINER);
  }
}

/** capabilities(7) */
const CAP_SYS_ADMIN = 21n;

/** Root in a container need not be allowed to mount. Nothing to look at for others, who have fusermount3. */
export function mountRight({ user, read }: Machine): Finding | undefined {
  const set = /^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status') ?? '')?.[1];
  if (user !== 0 || set === undefined) return undefined;
  return (BigInt(`0x${set}`) >> CAP_SYS_ADMIN) & 1n
    ? good('right to mount', 'root has CAP_SYS_ADMIN')
    : bad('right to mount', 'root has no CAP_SYS_ADMIN here, which mount(2) takes', IN_A_CONTAINER);
}
