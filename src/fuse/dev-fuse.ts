/**
 * Transport `dev-fuse`: the kernel's protocol over /dev/fuse itself, served by worker threads (Linux).
 *
 * LAW: this thread never touches the mounted file system and never ends the process while pumps are blocked.
 */
import { closeSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { openDeviceMount } from './dev-fuse-open.js';
import { Pumps } from './dev-fuse-pumps.js';
import { type MountEntry, mountAt, readMounts } from './mountinfo.js';
import { type LiveMount, MountError, type MountRequest, type Transport } from './transport.js';
import { abortConnection, detach } from './unmount.js';

/**
 * Two at least, so that a long decode holds nobody up, and no more than there are cores: 4 KiB reads all over an
 * LZ4 image by 4 threads on 2 cores came to 8200/s with one pump, 12000/s with two, 11300/s with four. Each has
 * caches of its own, so that there are four at most.
 */
const PUMP_COUNT = Math.min(4, Math.max(2, availableParallelism()));

/** KiB. The kernel's 128 leave a reader waiting for each request in turn; only root may change it. */
const READ_AHEAD_KIB = 1024;

/** How long users of a mount that is to end, and is already out of their sight, may finish what they do. */
const GRACE_MS = 2_000;

export const devFuse: Transport = {
  async mount(request: MountRequest, log: Logger): Promise<LiveMount> {
    const { spec, options } = request;
    const pumps = new Pumps(PUMP_COUNT, { spec, posixAcl: options.defaultPermissions }, log);
    await pumps.open();
    const mount = await makeMount(request, pumps, log);
    await mount.start();
    return mount;
  },
};

async function makeMount(request: MountRequest, pumps: Pumps, log: Logger): Promise<DeviceMount> {
  let descriptor: number | undefined;
  try {
    descriptor = await openDeviceMount(request.mountpoint, request.options);
    return new DeviceMount(findMount(request.mountpoint), descriptor, pumps, log);
  } catch (error) {
    pumps.dismiss();
    if (descriptor !== undefined) closeSync(descriptor);
    throw error;
  }
}

class DeviceMount implements LiveMount {
  readonly ended: Promise<void>;
  readonly #entry: MountEntry;
  readonly #descriptor: number;
  readonly #pumps: Pumps;
  readonly #log: Logger;

  constructor(entry: MountEntry, descriptor: number, pumps: Pumps, log: Logger) {
    this.#entry = entry;
    this.#descriptor = descriptor;
    this.#pumps = pumps;
    this.#log = log;
    this.ended = pumps.ended.then(() => closeSync(descriptor));
  }

  async start(): Promise<void> {
    try {
      await this.#pumps.serve(this.#descriptor);
    } catch (error) {
      await this.unmount({ evenIfBusy: true });
      throw error;
    }
    raiseReadAhead(this.#entry, this.#log);
    this.#pumps.failure.then((error) => this.#giveUp(error));
  }

  async unmount({ evenIfBusy }: { readonly evenIfBusy: boolean }): Promise<void> {
    const detached = await this.#detach(evenIfBusy);
    if (!evenIfBusy || (detached && (await this.#endsWithinGrace()))) return;
    this.#log.warn({ mountpoint: this.#entry.mountpoint }, 'still in use: ended under its users');
    abortConnection(this.#entry.minor);
    await this.ended;
  }

  /** Returns whether the mount is out of sight. Rejects with MountError 'busy' unless `evenIfBusy`. */
  async #detach(evenIfBusy: boolean): Promise<boolean> {
    const { mountpoint } = this.#entry;
    if (!readMounts().some((entry) => this.#isThis(entry))) return true;
    if (!this.#isThis(mountAt(mountpoint))) {
      if (evenIfBusy) return false;
      const message = `another mount covers the one on ${mountpoint}; unmount that first: umount ${mountpoint}`;
      throw new MountError('busy', message);
    }
    try {
      await detach(mountpoint, { lazy: false });
    } catch (error) {
      const code = error instanceof MountError ? error.code : undefined;
      // somebody else was quicker
      if (code === 'not-mounted') return true;
      if (code !== 'busy' || !evenIfBusy) throw error;
      await detach(mountpoint, { lazy: true });
    }
    return true;
  }

  #isThis(entry: MountEntry | undefined): boolean {
    const { mountpoint, major, minor } = this.#entry;
    return entry?.mountpoint === mountpoint && entry.major === major && entry.minor === minor;
  }

  /** A mount that is out of sight ends with its last user. */
  #endsWithinGrace(): Promise<boolean> {
    const ended = this.ended.then(() => true);
    return Promise.race([ended, sleep(GRACE_MS, false, { ref: false })]);
  }

  /** A pump is gone, and with it perhaps a request: nobody is to wait for that reply for ever. */
  #giveUp(error: Error): void {
    this.#log.fatal(error, 'a serving thread ended; the mount ends with it');
    this.unmount({ evenIfBusy: true }).catch((failure) => this.#log.error(failure, 'unmounting failed'));
  }
}

/** The mount just made; its number is needed to end it when its own path no longer leads there. */
function findMount(mountpoint: string): MountEntry {
  const entry = mountAt(mountpoint);
  if (entry !== undefined) return entry;
  const message = `${mountpoint} was mounted but is not in this process's mount table; is its path resolved?`;
  throw new MountError('mount-failed', message);
}

function raiseReadAhead({ major, minor }: MountEntry, log: Logger): void {
  const setting = `/sys/class/bdi/${major}:${minor}/read_ahead_kb`;
  try {
    writeFileSync(setting, `${READ_AHEAD_KIB}`);
  } catch (error) {
    log.debug({ setting, reason: (error as Error).message }, 'readahead stays at what the kernel gives');
  }
}
