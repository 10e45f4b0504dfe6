/** The kernel's own erofs, and what it lets a mount of FUSE do. */
import { mountAt, parseMountinfo } from '../fuse/mountinfo.js';
import { type Finding, good, warning } from './finding.js';
import type { Machine } from './machine.js';

/** The first Linux that mounts a file without a loop device. */
const FILE_BACKED = [6, 12] as const;

/** Faster where it is there; what it cannot do, or not for this user, goes through FUSE. */
export function kernelErofs(machine: Machine): Finding {
  const check = 'kernel erofs';
  const present = howPresent(machine);
  if (present === undefined) return good(check, `Linux ${machine.kernel} has none: mounts go through FUSE`);
  const forWhom = machine.user === 0 ? '' : ', for root alone';
  if (isFileBacked(machine)) {
    return good(check, `${present}${forWhom}; it mounts files themselves (Linux ${machine.kernel})`);
  }
  if (machine.user === 0 && machine.stat('/dev/loop-control') === undefined) {
    const found = `${present}; Linux ${machine.kernel} needs loop devices to mount files, and /dev/loop-control is missing`;
    return warning(check, found, 'sudo modprobe loop');
  }
  return good(check, `${present}${forWhom}; it mounts files on loop devices (Linux ${machine.kernel})`);
}

function howPresent({ kernel, read }: Machine): string | undefined {
  if (/\terofs$/m.test(read('/proc/filesystems') ?? '')) return 'is there';
  const modules = read(`/lib/modules/${kernel}/modules.dep`) ?? '';
  // mount(2) has it loaded
  return /\/erofs\.ko[.\w]*:/.test(modules) ? 'is loaded when it is wanted' : undefined;
}

/** The kernel's own configuration, where it lies about, has the last word. */
function isFileBacked({ kernel, read }: Machine): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  const isNew = major > FILE_BACKED[0] || (major === FILE_BACKED[0] && minor >= FILE_BACKED[1]);
  const configuration = read(`/boot/config-${kernel}`);
  return isNew && !(configuration?.includes('# CONFIG_EROFS_FS_BACKED_BY_FILE is not set') ?? false);
}

/** A mount that root makes reads 1 MiB ahead, which is set below /sys. */
export function readAhead({ user, read }: Machine): Finding {
  const check = 'read-ahead';
  if (user !== 0) return good(check, "stays at the kernel's 128 KiB, which root alone may change");
  const settings = mountAt('/sys', parseMountinfo(read('/proc/self/mountinfo') ?? ''));
  if (settings?.options.includes('ro') !== true) return good(check, 'may be set');
  const found = "stays at the kernel's 128 KiB, since /sys is read-only: reads in order are slower";
  return warning(check, found, 'mount -o remount,rw /sys');
}
