/** mount() of the library: what `erofs mount` and `erofs umount` do, with a handle for what was mounted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { mountImage, wantedBy } from '../fuse/mount.js';
import { type MountEntry, mountAt, readMounts } from '../fuse/mountinfo.js';
import { resolveMountpoint } from '../fuse/mountpoint.js';
import { MountError } from '../fuse/transport.js';
import { unmountImage } from '../fuse/umount.js';
import { givenSettings } from './given-settings.js';
import type { OpenOptions } from './open-options.js';

/** How an image is opened, mounted and served. */
export interface MountOptions extends OpenOptions {
  /** as after -o of the command, one each: 'allow_other', 'noexec', 'fsname=NAME' */
  readonly mountOptions?: readonly string[] | undefined;
  /** the kernel's own erofs, a server of this package, or ('auto', unless given) the first where it can do what is asked */
  readonly driver?: 'auto' | 'fuse' | 'kernel' | undefined;
  /** how FUSE is spoken; 'auto' unless given: dev-fuse on Linux, fuse-native on macOS */
  readonly transport?: 'auto' | 'dev-fuse' | 'fuse-native' | undefined;
  /** what the server may take of memory, such as '256M'; 128M unless given */
  readonly memory?: string | undefined;
  /** the server's log; in /var/log/erofsjs, or below $XDG_STATE_HOME for a plain user, unless given */
  readonly logFile?: string | undefined;
  /** milliseconds to wait for the mount to answer; 30,000 unless given */
  readonly readyTimeout?: number | undefined;
  /** another process takes over where the serving one dies */
  readonly supervise?: boolean | undefined;
}

/** What is done about those who use the mount; without either it stays where somebody does. */
export interface UnmountOptions {
  /** detach it now, and let who uses it go on */
  readonly lazy?: boolean | undefined;
  /** end it now: whoever uses it meets errors */
  readonly force?: boolean | undefined;
}

/** A mount that answers. It is served by a process of its own and lasts until somebody unmounts it, also when this one ends. */
export interface Mount {
  /** absolute, free of symbolic links */
  readonly mountpoint: string;
  /** what was mounted how: the line that `erofs mount` prints */
  readonly description: string;
  /**
   * Settles when the mount is gone, by whatever hand. Who asks for it keeps this process alive until then. The mount table is
   * looked at four times a second.
   */
  readonly ended: Promise<void>;
  /** Rejects with code 'busy' where somebody uses it, 'no-permission', or 'not-mounted' where it is gone already. */
  unmount(options?: UnmountOptions): Promise<void>;
}

const POLL_MS = 250;
const READY_MS = 30_000;

/**
 * Mounts what openImage() opens on an existing directory; settles when the mount answers. After a failure nothing is mounted.
 * Rejects as openImage() does, and with the codes of mounts: 'no-permission', 'mountpoint-missing', 'already-mounted', 'timeout' …
 */
export async function mount(
  reference: string,
  directory: string,
  options: MountOptions = {},
): Promise<Mount> {
  const { upper = [], objects, memory, driver = 'auto', transport = 'auto', logFile, settings } = options;
  const { readyTimeout = READY_MS, supervise = false, report = () => {} } = options;
  const wanted = await wantedBy(
    [reference, ...upper],
    listOf(options).map(escapeItem),
    { root: process.geteuid?.() === 0 },
    { open: givenSettings(settings), objects: objects ?? [], memory, report },
  );
  let description = '';
  const listener = {
    done: (line: string) => {
      description = line;
    },
    note: (line: string) => report(new Error(line)),
  };
  await mountImage(
    {
      ...{ ...wanted, mountpoint: directory, driver, transport, foreground: false, logFile, readyTimeout },
      supervise: supervise || wanted.supervise,
    },
    listener,
  );
  const mountpoint = await resolveMountpoint(directory);
  const entry = mountAt(mountpoint);
  if (entry === undefined) {
    throw new MountError(
      'not-mounted',
      `${mountpoint} was unmounted as soon as it was mounted; mount it again`,
    );
  }
  return new MountedImage(entry, description, listener.note);
}

class MountedImage implements Mount {
  readonly mountpoint: string;
  readonly description: string;
  readonly #entry: MountEntry;
  readonly #note: (line: string) => void;
  #ended: Promise<void> | undefined;

  constructor(entry: MountEntry, description: string, note: (line: string) => void) {
    this.mountpoint = entry.mountpoint;
    this.description = description;
    this.#entry = entry;
    this.#note = note;
  }

  get ended(): Promise<void> {
    this.#ended ??= this.#waitForEnd();
    return this.#ended;
  }

  async unmount({ lazy = false, force = false }: UnmountOptions = {}): Promise<void> {
    const { mountpoint } = this;
    // what somebody else has mounted there since is not ours to end
    if (mountAt(mountpoint)?.id !== this.#entry.id) {
      const found = this.#isMounted() ? 'is covered by another mount' : 'is not mounted any more';
      throw new MountError('not-mounted', `the mount on ${mountpoint} ${found}; findmnt shows what is there`);
    }
    await unmountImage({ mountpoint, lazy, force, mayLeave: false }, this.#note);
  }

  async #waitForEnd(): Promise<void> {
    while (this.#isMounted()) await sleep(POLL_MS);
  }

  /** The kernel gives the number of a mount away again: its place and device tell which it is. */
  #isMounted(): boolean {
    const { id, mountpoint, major, minor } = this.#entry;
    return readMounts().some(
      (entry) =>
        entry.id === id && entry.mountpoint === mountpoint && entry.major === major && entry.minor === minor,
    );
  }
}

/** What has an item of -o; the rest of the options is handed over beside the list. */
function listOf({
  mountOptions = [],
  offset,
  devices = [],
  allowTruncated,
  uid,
  gid,
}: MountOptions): string[] {
  return [
    ...mountOptions,
    ...(offset === undefined ? [] : [`offset=${offset}`]),
    ...devices.map((device) => `device=${device}`),
    ...(allowTruncated === true ? ['allow_truncated'] : []),
    ...(uid === undefined ? [] : [`uid=${uid}`]),
    ...(gid === undefined ? [] : [`gid=${gid}`]),
  ];
}

/** Commas, quotes and backslashes are parts of an item here. */
const escapeItem = (item: string): string => item.replace(/[\\",]/g, '\\$&');
