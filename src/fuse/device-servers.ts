/**
 * Who serves a mount of /dev/fuse in one process: the pumps, and for what they cannot answer at once, this thread. They open
 * their image before they are given a mount.
 */
import { closeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log/log-events.js';
import { type ServingMemory, servingMemory } from '../memory-budget.js';
import type { ImageSpec, ProblemReport } from '../open.js';
import { PUMP_BUFFERS } from './dev-fuse-pump.js';
import { Pumps } from './dev-fuse-pumps.js';
import { sendRefusal, sendReply } from './dev-fuse-reply.js';
import { Dispatcher } from './dispatch.js';
import type { RequestReport } from './dispatch-exchange.js';
import { errnoOf } from './errno.js';
import { liveState, openAtOnce, specAtOnce, type WaitingImage } from './image-opening.js';
import { ProblemLog, remembered } from './problem-log.js';
import type { Negotiated, PumpSetting } from './pump-thread.js';
import { SharedState, sharedMemory } from './shared-state.js';
import type { Connection, LiveState, MountRequest } from './transport.js';
import { WaitingRequests } from './waiting-requests.js';
import { hasNoXattrs } from './xattr-scan.js';

/**
 * Two at least, so that a long decode holds nobody up, and no more than there are cores: 4 KiB reads all over an
 * LZ4 image by 4 threads on 2 cores came to 8200/s with one pump, 12000/s with two, 11300/s with four. Each has
 * caches of its own, so that there are four at most.
 */
const PUMP_COUNT = Math.min(4, Math.max(2, availableParallelism()));

/** How long a process that is replaced may finish what it has; the kernel sends the rest again. */
const RETIRING_MS = 5_000;
const RETIRING_POLL_MS = 5;

export interface DeviceTransportParts {
  /** of each pump's thread; it calls runPump() with its way to open an image */
  readonly pumpProgram: URL;
  /** this thread's way, for the requests that have to wait; undefined where none of this image ever does */
  readonly openToWait: (spec: ImageSpec, report: ProblemReport) => Promise<WaitingImage> | undefined;
}

interface Opened {
  readonly image: WaitingImage | undefined;
  readonly memory: ServingMemory;
  readonly problems: ProblemLog;
}

export class DeviceServers {
  readonly #request: MountRequest;
  readonly #setting: PumpSetting;
  readonly #image: WaitingImage | undefined;
  readonly #memory: ServingMemory;
  readonly #state: SharedState;
  readonly #pumps: Pumps;
  readonly #problems: ProblemLog;
  readonly #log: Log;
  #waiting: WaitingRequests | undefined;
  #isOver = false;

  /** Rejects where the image cannot be opened. */
  static async prepare(
    request: MountRequest,
    { pumpProgram, openToWait }: DeviceTransportParts,
    log: Log,
  ): Promise<DeviceServers> {
    const problems = new ProblemLog(
      remembered((record, message) => log.warn({ event: 'problem', ...record }, message)),
    );
    const memory = servingMemory(request.memory, PUMP_COUNT, PUMP_BUFFERS);
    const image = await openToWait({ ...request.spec, memory: memory.waiting }, (problem) =>
      problems.report({ operation: 'open' }, problem),
    );
    const servers = new DeviceServers(request, pumpProgram, { image, memory, problems }, log);
    try {
      await servers.#pumps.open();
      return servers;
    } catch (error) {
      image?.close();
      throw error;
    }
  }

  private constructor(request: MountRequest, program: URL, { image, memory, problems }: Opened, log: Log) {
    this.#request = request;
    this.#image = image;
    this.#memory = memory;
    this.#problems = problems;
    this.#log = log;
    const shared = sharedMemory();
    this.#state = new SharedState(shared);
    this.#setting = {
      shared,
      pumps: PUMP_COUNT,
      spec: { ...specAtOnce(request.spec, image), memory: memory.pump },
      posixAcl: request.options.defaultPermissions,
      waitingRoot: image?.tree.root,
    };
    this.#pumps = new Pumps(program, this.#setting, log);
  }

  /** Ends them where they serve nothing yet. */
  dismiss(): void {
    this.#pumps.dismiss();
    this.#image?.close();
  }

  /** resolves with why they can serve no longer, although the mount has not ended */
  get failure(): Promise<Error> {
    return this.#pumps.failure;
  }

  /** of this moment; cheap */
  get state(): LiveState {
    return liveState(this.#image, this.#waiting?.count ?? 0);
  }

  /** see Pumps.hasStuck */
  get hasStuck(): boolean {
    return this.#pumps.hasStuck;
  }

  /** Takes over the descriptor. See Pumps.serve(); returns as well when the mount has ended. */
  serve(connection: Connection): { begun: Promise<Negotiated | undefined>; ended: Promise<void> } {
    const image = this.#image;
    const waiting = image && this.#waitingRequests(image, connection.descriptor);
    this.#waiting = waiting;
    const begun = this.#pumps.serve(connection, waiting, this.#request.watchdog);
    const ended = this.#pumps.ended.then(() => {
      this.#isOver = true;
      // the descriptor's number may soon be another file's
      waiting?.end();
      closeSync(connection.descriptor);
      image?.close();
    });
    return { begun, ended };
  }

  /** Looks, beside those who serve, for what the kernel need not ask. Of an image that is all here. */
  async noteXattrs(): Promise<void> {
    if (this.#image !== undefined) return;
    try {
      // What is wrong with it those are told who read it.
      const opened = await openAtOnce({ ...this.#request.spec, memory: this.#memory.scan }, () => {});
      try {
        const none = await hasNoXattrs(opened.tree, () => this.#isOver);
        if (none) this.#state.noteNoXattrs();
      } finally {
        opened.close();
      }
    } catch (error) {
      this.#log.debug(
        { event: 'xattrs-unknown', reason: (error as Error).message },
        'whether there are extended attributes is not known',
      );
    }
  }

  /** Settles when all that was read has its answer and next to nothing more is read, after five seconds at the latest. */
  async retire(): Promise<void> {
    this.#pumps.retire();
    for (let waited = 0; waited < RETIRING_MS; waited += RETIRING_POLL_MS) {
      if (!this.#pumps.isBusy && (this.#waiting?.count ?? 0) === 0) return;
      await sleep(RETIRING_POLL_MS);
    }
  }

  #waitingRequests(image: WaitingImage, descriptor: number): WaitingRequests {
    const report: RequestReport = (operation, nid, problem) =>
      this.#problems.report({ operation, nid, errno: errnoOf(problem) }, problem);
    const { posixAcl } = this.#setting;
    return new WaitingRequests({
      image,
      memory: this.#memory.requests,
      full: (isFull) => this.#state.noteFull(isFull),
      makeDispatcher: () => new Dispatcher(image.tree, { posixAcl, mayWait: true }, report),
      send: (dispatcher, length) => sendReply(descriptor, dispatcher, length),
      sendRefusal: (reply) => sendRefusal(descriptor, reply),
    });
  }
}
