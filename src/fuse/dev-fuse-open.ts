/**
 * From a mountpoint to a descriptor of /dev/fuse with a mount on it, not yet served.
 *
 * LAW: between mount(2) and the answer to INIT nothing here touches the mountpoint: whoever does waits in the
 * kernel for a server that would wait for it.
 * Root opens the device and lets mount(8) mount it; a plain user lets the setuid fusermount3 do both, and gets the
 * descriptor over a socket.
 */
import { closeSync, openSync } from 'node:fs';
import { receiveDescriptor, socketPair } from '../system/libc.js';
import { runProgram } from '../system/program.js';
import { escapeOption, runFusermount } from './fusermount.js';
import { MAX_READ } from './protocol.js';
import { MountError, type MountErrorCode, type MountOptions } from './transport.js';

const DEVICE = '/dev/fuse';

/** `mountpoint` is absolute and resolved. Rejects with MountError; then nothing is mounted. */
export async function openDeviceMount(mountpoint: string, options: MountOptions): Promise<number> {
  return process.geteuid?.() === 0 ? mountAsRoot(mountpoint, options) : mountAsUser(mountpoint, options);
}

async function mountAsRoot(mountpoint: string, options: MountOptions): Promise<number> {
  const descriptor = openDevice();
  try {
    const list = [
      'fd=3',
      'rootmode=40000',
      'user_id=0',
      `group_id=${process.getegid?.() ?? 0}`,
      ...commonOptions(options),
    ];
    const type = `fuse.${options.subtype}`;
    const args = ['-i', '-t', type, '-o', list.join(','), '--', options.fsname, mountpoint];
    const { success, complaint } = await runProgram('mount', args, { descriptor });
    if (success) return descriptor;
    throw explain('mount', complaint, mountpoint, MOUNT_COMPLAINTS);
  } catch (error) {
    closeSync(descriptor);
    throw missingProgram(error, 'mount', 'mount-failed', 'install the package util-linux');
  }
}

async function mountAsUser(mountpoint: string, options: MountOptions): Promise<number> {
  const list = [
    ...commonOptions(options),
    `fsname=${escapeOption(options.fsname)}`,
    `subtype=${escapeOption(options.subtype)}`,
  ];
  const [ours, theirs] = socketPair();
  try {
    try {
      const result = await runFusermount(['-o', list.join(','), '--', mountpoint], {
        descriptor: theirs,
        environment: { _FUSE_COMMFD: '3' },
      });
      if (!result.success) throw explain('fusermount3', result.complaint, mountpoint, FUSERMOUNT_COMPLAINTS);
    } finally {
      // Only then does a receiver see the end where nothing was sent.
      closeSync(theirs);
    }
    const descriptor = receiveDescriptor(ours);
    if (descriptor !== undefined) return descriptor;
    throw new MountError(
      'mount-failed',
      `mounting on ${mountpoint}: fusermount3 ended well but sent no descriptor; is it the one of FUSE 3?`,
    );
  } finally {
    closeSync(ours);
  }
}

function openDevice(): number {
  try {
    return openSync(DEVICE, 'r+');
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'ENXIO') throw noDevice(cause);
    throw new MountError(
      'no-permission',
      `opening ${DEVICE}: ${code}; in a container, allow it with --device ${DEVICE} --cap-add SYS_ADMIN`,
      { cause },
    );
  }
}

function commonOptions(options: MountOptions): string[] {
  const list = ['ro', `max_read=${MAX_READ}`];
  if (options.nosuid) list.push('nosuid');
  if (options.nodev) list.push('nodev');
  if (options.noexec) list.push('noexec');
  if (options.allowOther) list.push('allow_other');
  if (options.defaultPermissions) list.push('default_permissions');
  return list;
}

/** How a program's words for a failure are known, and what to do then. */
type Complaint = readonly [pattern: RegExp, code: MountErrorCode, remedy: string];

const NO_DEVICE: Complaint = [
  /fuse device not found|unknown filesystem type|No such device/i,
  'no-fuse-device',
  'load the kernel module: modprobe fuse',
];

const MOUNT_COMPLAINTS: readonly Complaint[] = [
  NO_DEVICE,
  [/mount ?point does not exist/i, 'mountpoint-missing', 'create the directory first'],
  [/not a directory/i, 'mountpoint-not-directory', 'name an existing directory'],
  [/permission denied|not permitted|must be superuser/i, 'no-permission', 'it takes CAP_SYS_ADMIN to mount'],
  [/busy|already mounted/i, 'busy', 'unmount what is there first, or name another directory'],
];

const FUSERMOUNT_COMPLAINTS: readonly Complaint[] = [
  [
    /allow_other|allow_root/i,
    'allow-other-refused',
    'put the line user_allow_other into /etc/fuse.conf, or mount without allow_other',
  ],
  NO_DEVICE,
  [
    /open \/dev\/fuse: Permission denied/i,
    'no-permission',
    'let users open the device: chmod 0666 /dev/fuse, which udev does on most systems',
  ],
  [
    /no write access to mountpoint|not owned by user/i,
    'no-permission',
    'a plain user mounts on directories that the user may write to; name one of your own',
  ],
  [/mount ?point .*No such file/i, 'mountpoint-missing', 'create the directory first'],
  [/mount ?point .*not a directory/i, 'mountpoint-not-directory', 'name an existing directory'],
  [
    /Transport endpoint is not connected/i,
    'already-mounted',
    'a mount whose server has died is there; clean it first: erofs umount DIR',
  ],
  [/mounting over filesystem/i, 'mount-failed', 'name a directory of an ordinary file system'],
  [/too many FUSE/i, 'mount-failed', 'unmount one, or raise mount_max in /etc/fuse.conf'],
  [
    /Operation not permitted/i,
    'no-permission',
    'fusermount3 must be owned by root and setuid (reinstall fuse3), and a container needs CAP_SYS_ADMIN',
  ],
  [/Permission denied/i, 'no-permission', 'the user must be able to reach the directory; name another one'],
  [/busy/i, 'busy', 'unmount what is there first, or name another directory'],
];

function explain(
  program: string,
  complaint: string,
  mountpoint: string,
  known: readonly Complaint[],
): MountError {
  const said = complaint.replace(/^\w+: /, '').replace(/\.$/, '');
  const what = `mounting on ${mountpoint}: ${program}: ${said}`;
  const match = known.find(([pattern]) => pattern.test(complaint));
  if (match === undefined) return new MountError('mount-failed', `${what}; dmesg may tell more`);
  return new MountError(match[1], `${what}; ${match[2]}`);
}

function noDevice(cause: unknown): MountError {
  return new MountError('no-fuse-device', `opening ${DEVICE}: there is no such device; ${NO_DEVICE[2]}`, {
    cause,
  });
}

function missingProgram(error: unknown, program: string, code: MountErrorCode, remedy: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error;
  return new MountError(code, `running ${program}: there is no such program; ${remedy}`, { cause: error });
}
