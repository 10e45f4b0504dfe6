/**
 * Transport `dev-fuse`: the kernel's protocol over /dev/fuse itself, served by worker threads (Linux).
 *
 * LAW: this thread never touches the mounted file system and never ends the process while pumps are blocked. It answers the
 * requests that have to wait for bytes, which no pump does.
 */
import { closeSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type ServingMemory, servingMemory } from '../memory-budget.js';
import type { ImageSpec, ProblemReport } from '../open.js';
import { openDeviceMount } from './dev-fuse-open.js';
import { PUMP_BUFFERS } from './dev-fuse-pump.js';
import { Pumps } from './dev-fuse-pumps.js';
import { sendRefusal, sendReply } from './dev-fuse-reply.js';
import { Dispatcher } from './dispatch.js';
import type { RequestReport } from './dispatch-exchange.js';
import { errnoOf } from './errno.js';
import { liveState, openAtOnce, openToWait, specAtOnce, type WaitingImage } from './image-opening.js';
import { type MountEntry, mountAt, readMounts } from './mountinfo.js';
import { ProblemLog, remembered } from './problem-log.js';
import { SharedState, sharedMemory } from './shared-state.js';
import {
  type LiveMount,
  type LiveState,
  MountError,
  type MountRequest,
  type Transport,
} from './transport.js';
import { abortConnection, detach } from './unmount.js';
import { WaitingRequests } from './waiting-requests.js';
import { hasNoXattrs } from './xattr-scan.js';

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

export interface DeviceTransportParts {
  /** of each pump's thread; it calls runPump() with its way to open an image */
  readonly pumpProgram: URL;
  /** this thread's way, for the requests that have to wait; undefined where none of this image ever does */
  readonly openToWait: (spec: ImageSpec, report: ProblemReport) => Promise<WaitingImage> | undefined;
}

export const devFuse: Transport = deviceTransport({
  pumpProgram: new URL('./dev-fuse-pump-thread.js', import.meta.url),
  openToWait,
});

export function deviceTransport(parts: DeviceTransportParts): Transport {
  return {
    async mount(request: MountRequest, log: Logger): Promise<LiveMount> {
      const problems = new ProblemLog(remembered((record, message) => log.warn(record, message)));
      const memory = servingMemory(request.memory, PUMP_COUNT, PUMP_BUFFERS);
      const spec = { ...request.spec, memory: memory.waiting };
      const image = await parts.openToWait(spec, (problem) =>
        problems.report({ operation: 'open' }, problem),
      );
      let mount: DeviceMount;
      try {
        mount = await makeMount(request, parts, { image, memory, problems }, log);
      } catch (error) {
        image?.close();
        throw error;
      }
      await mount.start();
      return mount;
    },
  };
}

interface Opened {
  readonly image: WaitingImage | undefined;
  readonly memory: ServingMemory;
  readonly problems: ProblemLog;
}

async function makeMount(
  { spec, options, mountpoint }: MountRequest,
  { pumpProgram }: DeviceTransportParts,
  { image, memory, problems }: Opened,
  log: Logger,
): Promise<DeviceMount> {
  const posixAcl = options.defaultPermissions;
  const shared = sharedMemory();
  const data = {
    shared,
    pumps: PUMP_COUNT,
    spec: { ...specAtOnce(spec, image), memory: memory.pump },
    posixAcl,
    waitingRoot: image?.tree.root,
  };
  const pumps = new Pumps(PUMP_COUNT, pumpProgram, data, log);
  await pumps.open();
  let descriptor: number | undefined;
  try {
    descriptor = await openDeviceMount(mountpoint, options);
    const state = new SharedState(shared);
    const sending = { descriptor, posixAcl, memory: memory.requests, state };
    const waiting = image && waitingRequests(image, sending, problems);
    const scan = (isOver: () => boolean): void => {
      if (image === undefined) void noteXattrs({ ...spec, memory: memory.scan }, { state, isOver, log });
    };
    return new DeviceMount(findMount(mountpoint), descriptor, { pumps, image, waiting, scan }, log);
  } catch (error) {
    pumps.dismiss();
    if (descriptor !== undefined) closeSync(descriptor);
    throw error;
  }
}

interface Scan {
  readonly state: SharedState;
  readonly isOver: () => boolean;
  readonly log: Logger;
}

/** Of an image that is all here. What is wrong with it those are told who read it. */
async function noteXattrs(spec: ImageSpec, { state, isOver, log }: Scan): Promise<void> {
  try {
    const opened = await openAtOnce(spec, () => {});
    try {
      if (await hasNoXattrs(opened.tree, isOver)) state.noteNoXattrs();
    } finally {
      opened.close();
    }
  } catch (error) {
    log.debug({ reason: (error as Error).message }, 'whether there are extended attributes is not known');
  }
}

interface Sending {
  readonly descriptor: number;
  readonly posixAcl: boolean;
  /** bytes that requests may take while they wait */
  readonly memory: number;
  readonly state: SharedState;
}

function waitingRequests(
  image: WaitingImage,
  { descriptor, posixAcl, memory, state }: Sending,
  problems: ProblemLog,
): WaitingRequests {
  const report: RequestReport = (operation, nid, problem) =>
    problems.report({ operation, nid, errno: errnoOf(problem) }, problem);
  return new WaitingRequests({
    image,
    memory,
    full: (isFull) => state.noteFull(isFull),
    makeDispatcher: () => new Dispatcher(image.tree, { posixAcl, mayWait: true }, report),
    send: (dispatcher, length) => sendReply(descriptor, dispatcher, length),
    sendRefusal: (reply) => sendRefusal(descriptor, reply),
  });
}

/** Who serves a mount: the pumps, and for what they cannot answer at once, this thread. */
interface Servers {
  readonly pumps: Pumps;
  readonly image: WaitingImage | undefined;
  readonly waiting: WaitingRequests | undefined;
  /** looks, beside them, for what the kernel need not ask */
  readonly scan: (isOver: () => boolean) => void;
}

class DeviceMount implements LiveMount {
  readonly ended: Promise<void>;
  readonly #entry: MountEntry;
  readonly #descriptor: number;
  readonly #servers: Servers;
  readonly #log: Logger;
  #isOver = false;

  constructor(entry: MountEntry, descriptor: number, servers: Servers, log: Logger) {
    this.#entry = entry;
    this.#descriptor = descriptor;
    this.#servers = servers;
    this.#log = log;
    this.ended = servers.pumps.ended.then(() => {
      this.#isOver = true;
      // the descriptor's number may soon be another file's
      servers.waiting?.end();
      closeSync(descriptor);
      servers.image?.close();
    });
  }

  get state(): LiveState {
    return liveState(this.#servers.image, this.#servers.waiting?.count ?? 0);
  }

  async start(): Promise<void> {
    const { pumps, waiting } = this.#servers;
    try {
      await pumps.serve(this.#descriptor, waiting);
    } catch (error) {
      await this.unmount({ evenIfBusy: true });
      throw error;
    }
    raiseReadAhead(this.#entry, this.#log);
    this.#servers.scan(() => this.#isOver);
    pumps.failure.then((error) => this.#giveUp(error));
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
