/**
 * A mount that outlives the processes that serve it: this one holds /dev/fuse open and starts them again.
 *
 * LAW: no request is lost. While the descriptor is open the kernel keeps what a dead process had read, and gives it to the next one
 * where it can (Linux 6.9); where it cannot, and there is such a request, the mount is ended rather than let anybody wait for ever.
 * What a request kills again and again is answered with EIO.
 */
import { closeSync } from 'node:fs';
import type { Log } from '../log/log-events.js';
import { programPath } from '../programs.js';
import type { ServingProgram, Upgraded } from './control-socket.js';
import { endMount } from './device-mount.js';
import { resendUnanswered } from './resend.js';
import { SERVING_FORM } from './serving-messages.js';
import { type ServingEnd, ServingProcess, type ServingTask } from './serving-process.js';
import { type Connection, MountError } from './transport.js';
import { abortConnection, waitingCount } from './unmount.js';

/** This version's. */
const PROGRAM: ServingProgram = {
  node: process.execPath,
  file: programPath('serving-program'),
};

/** Between two looks at the serving process: 2 of 28 deaths under load were found by them alone. */
const LOOK_MS = 250;
/** A process that served for so long did not die of what it was given first. */
const SETTLED_MS = 1_000;
/** Early deaths after which the requests that survived them are no longer tried. */
const SUSPICIOUS = 2;
/** Early deaths that show that no process can serve. */
const TOO_MANY = 5;
/** How long an orderly end may take. */
const ENDING_MS = 10_000;

export class Supervision {
  /** resolves when the mount has ended */
  readonly ended: Promise<void>;
  readonly #task: ServingTask;
  readonly #log: Log;
  #connection: Connection;
  #program: ServingProgram;
  #current: ServingProcess | undefined;
  /** those that have not ended */
  readonly #processes = new Set<ServingProcess>();

  #upgrading = false;
  #resends = false;
  /** one after the other */
  #earlyDeaths = 0;
  #isStopping = false;
  #isOver = false;
  #looking: NodeJS.Timeout | undefined;
  #ending: NodeJS.Timeout | undefined;
  #resolveEnded = (): void => {};

  /** Takes over the connection's descriptor. `program` serves until an upgrade. */
  constructor(task: ServingTask, connection: Connection, log: Log, program = PROGRAM) {
    this.#program = program;
    this.#task = task;
    this.#connection = connection;
    this.#log = log;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  /** Settles when the mount answers. Rejects with MountError; then nothing is mounted. */
  async begin(): Promise<void> {
    const first = this.#start(this.#program);
    this.#current = first;
    try {
      await first.prepared;
      first.serve(this.#connection);
      this.#resends = (await first.serving) ?? false;
    } catch (error) {
      this.#isStopping = true;
      await this.#endByForce();
      throw error;
    }
    this.#connection = { ...this.#connection, isInitialised: true };
    this.#watch(first);
    this.#looking = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** Unmounts, whoever uses the mount. */
  stop(): void {
    this.#expectEnd();
    if (this.#current === undefined || this.#current.servedFor === 0) void this.#endByForce();
    else this.#current.unmount();
  }

  /** To the process that serves, or is about to. */
  signal(signal: NodeJS.Signals): void {
    this.#current?.signal(signal);
  }

  /** To the process that serves; one that is about to has no listener for it yet. */
  signalServing(signal: NodeJS.Signals): void {
    if (this.#current !== undefined && this.#current.servedFor > 0) this.#current.signal(signal);
  }

  /**
   * Another process, of `program`, serves from now on. Settles when the one before has ended; resolves with the version and
   * process id of the new one. Rejects with MountError where it cannot serve; then all is as before.
   */
  async upgrade(program: ServingProgram): Promise<Upgraded> {
    if (this.#upgrading)
      throw new MountError('busy', 'another upgrade of this mount is under way; wait for its end');
    this.#requireResend();
    this.#upgrading = true;
    const next = this.#start(program);
    try {
      const { form, version } = await next.prepared;
      if (form !== SERVING_FORM) {
        const found = `version ${version} serves in form ${form}, and this mount was made in form ${SERVING_FORM}`;
        throw new MountError('incompatible', `${found}; unmount it and mount it again`);
      }
      next.serve(this.#connection);
      await next.serving;
      if (this.#isStopping) throw new MountError('not-mounted', 'the mount is being unmounted');
      const last = this.#current;
      this.#current = next;
      this.#program = program;
      this.#watch(next);
      this.#log.info({ event: 'taken-over', version, process: next.pid }, 'another process serves the mount');
      await last?.retire();
      this.#resend();
      return { version, pid: next.pid };
    } catch (error) {
      await next.killed();
      // It may have begun to read.
      if (!this.#isOver) this.#resend();
      throw error;
    } finally {
      this.#upgrading = false;
    }
  }

  #start(program: ServingProgram): ServingProcess {
    const process = new ServingProcess(program, this.#task, this.#connection.descriptor, {
      unmounting: () => this.#expectEnd(),
    });
    this.#processes.add(process);
    void process.ended.then(() => this.#processes.delete(process));
    return process;
  }

  #watch(process: ServingProcess): void {
    void process.ended.then((end) => {
      if (process === this.#current) void this.#gone(process, end);
    });
  }

  async #gone(process: ServingProcess, { over, how }: ServingEnd): Promise<void> {
    this.#current = undefined;
    if (over) {
      this.#finish();
      return;
    }
    this.#log.error({ event: 'process-died', process: process.pid, how }, 'the serving process died');
    if (this.#isStopping) {
      await this.#endByForce();
      return;
    }
    this.#earlyDeaths = process.servedFor < SETTLED_MS ? this.#earlyDeaths + 1 : 0;
    if (this.#earlyDeaths === TOO_MANY) {
      this.#log.fatal(
        { event: 'mount-lost' },
        `${TOO_MANY} serving processes died at once; the mount ends with them`,
      );
      await this.#endByForce();
    } else if (this.#resend()) {
      this.#takeOver(this.#earlyDeaths >= SUSPICIOUS);
    } else {
      this.#log.fatal(
        { event: 'mount-lost' },
        'this kernel does not give their requests to another process (Linux 6.9 does); the mount ends',
      );
      await this.#endByForce();
    }
  }

  #takeOver(refuseResent: boolean): void {
    const next = this.#start(this.#program);
    this.#current = next;
    this.#watch(next);
    next.prepared.then(
      () => {
        this.#log.info(
          { event: 'taken-over', process: next.pid, refuseResent },
          'another process serves the mount',
        );
        next.serve({ ...this.#connection, refuseResent });
      },
      (error) =>
        this.#log.error(
          { event: 'process-failed', reason: error.message },
          'a serving process did not come up',
        ),
    );
  }

  /** Whether whatever the processes before took will be answered. */
  #resend(): boolean {
    if (!this.#resends) return waitingCount(this.#connection.entry.minor) === 0;
    try {
      resendUnanswered(this.#connection.descriptor);
    } catch (error) {
      this.#log.error(
        { event: 'resend-failed', err: error },
        'asking the kernel for the requests without an answer',
      );
      return false;
    }
    return true;
  }

  #requireResend(): void {
    if (this.#resends) return;
    const found = 'this kernel does not give the requests of one process to another one';
    throw new MountError('kernel-refused', `${found} (Linux 6.9 does); unmount it and mount it again`);
  }

  #look(): void {
    const process = this.#current;
    const limit = this.#task.request.watchdog;
    const silent = process?.look() ?? 0;
    if (limit === 0 || silent * LOOK_MS < limit * 2) return;
    this.#log.error(
      { event: 'process-hangs', process: process?.pid },
      `the serving process hangs: no sign of it for ${(limit * 2) / 1000} s`,
    );
    process?.kill();
  }

  #expectEnd(): void {
    this.#isStopping = true;
    this.#ending ??= setTimeout(() => void this.#endByForce(), ENDING_MS);
  }

  /** Without a process that serves. */
  async #endByForce(): Promise<void> {
    if (this.#isOver) return;
    const { entry } = this.#connection;
    this.#current?.kill();
    this.#current = undefined;
    try {
      abortConnection(entry.minor);
      await endMount(entry, { evenIfBusy: true, ended: Promise.resolve(), log: this.#log });
    } catch (error) {
      // The connection ends with the last descriptor of it, which is closed now.
      this.#log.error({ event: 'unmount-failed', err: error }, 'unmounting failed');
    }
    this.#finish();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#looking);
    clearTimeout(this.#ending);
    closeSync(this.#connection.descriptor);
    for (const process of this.#processes) void process.waitForEnd();
    this.#resolveEnded();
  }
}
