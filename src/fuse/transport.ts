/** The contract between src/fuse/mount.ts and what carries the tree to the kernel. */
import type { LayerStatus } from '../control/controlled-mount.js';
import type { MetricsAddress } from '../control/metrics-address.js';
import type { Log } from '../log/log-events.js';
import type { LogFormat } from '../log/log-text.js';
import type { ImageSpec } from '../open.js';
import type { RemoteBytes } from '../prefetch/remote-image.js';
import type { MountEntry } from './mountinfo.js';

/** The parsed -o list. `undefined` means that the user did not say; src/fuse/options.ts fills in defaults. */
export interface MountOptions {
  readonly allowOther: boolean;
  readonly defaultPermissions: boolean;
  readonly nosuid: boolean;
  readonly nodev: boolean;
  readonly noexec: boolean;
  /** first column of /proc/mounts; the image's path unless given */
  readonly fsname: string;
  /** the type is fuse.SUBTYPE; "erofs" unless given */
  readonly subtype: string;
}

export type TransportName = 'dev-fuse' | 'fuse-native';
export type DriverName = 'fuse' | 'kernel';

/** All that a daemon needs; crosses processes as JSON. */
export interface MountRequest {
  readonly spec: ImageSpec;
  /** absolute, resolved; exists and is a directory */
  readonly mountpoint: string;
  readonly options: MountOptions;
  readonly transport: TransportName;
  /** bytes that caches and requests may take: see memory-budget.ts */
  readonly memory: number;
  /** by processes of which another one takes the place when one dies; dev-fuse alone */
  readonly supervise: boolean;
  /** milliseconds a request may hang, over what it may wait for a network, before it is ended; 0: for ever */
  readonly watchdog: number;
  /** what is told of the mount and only who made it knows */
  readonly background?: MountBackground;
  /** where statistics are told to everybody; nowhere unless given */
  readonly metrics?: MetricsAddress | undefined;
  /** of the log of every process; json unless given */
  readonly logFormat?: LogFormat | undefined;
}

/** A mount that was made, and what its requests are read from. Crosses processes but for the descriptor. */
export interface Connection {
  readonly descriptor: number;
  /** as it was when it was made; its path may lead elsewhere by now */
  readonly entry: MountEntry;
  /** an earlier process has answered INIT */
  readonly isInitialised: boolean;
  /** see PumpOrder */
  readonly refuseResent: boolean;
}

export interface MountBackground {
  /** why this driver */
  readonly reason: string | undefined;
  /** absolute */
  readonly logFile: string | undefined;
  readonly layers: readonly LayerStatus[];
}

/** What of a mount changes while it serves. */
export interface LiveState {
  /** requests that wait for bytes */
  readonly waiting: number;
  /** what lies behind a network */
  readonly blobs: readonly RemoteBytes[];
  /** what is being fetched ahead */
  readonly prefetching: string | undefined;
}

/** A mount that answers. */
export interface LiveMount {
  /** settles when the kernel has ended the mount, by whatever hand */
  readonly ended: Promise<void>;
  /** of this moment; cheap */
  readonly state: LiveState;
  /** true where a thread of it is in a call of the system that does not end: the process can only be killed */
  readonly hasStuck?: boolean;
  /** `busy`: false throws code 'busy' where somebody uses the mount; true detaches it and ends it all the same */
  unmount(options: { readonly evenIfBusy: boolean }): Promise<void>;
}

export interface Transport {
  /** Resolves once requests are answered. Rejects with a MountError whose message is one line with the remedy. */
  mount(request: MountRequest, log: Log): Promise<LiveMount>;
}

/** Why a mount failed; `message` says what was done, what was found and what to do, on one line. */
export class MountError extends Error {
  override readonly name = 'MountError';
  readonly code: MountErrorCode;

  constructor(code: MountErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type MountErrorCode =
  | 'no-fuse-device'
  | 'no-permission'
  | 'no-fusermount'
  | 'no-native-package'
  | 'no-kernel-driver'
  | 'kernel-refused'
  | 'mountpoint-missing'
  | 'mountpoint-not-directory'
  | 'already-mounted'
  | 'not-mounted'
  | 'other-image'
  | 'busy'
  | 'allow-other-refused'
  | 'daemon-died'
  | 'timeout'
  | 'no-socket'
  | 'not-supervised'
  | 'incompatible'
  | 'mount-failed';
