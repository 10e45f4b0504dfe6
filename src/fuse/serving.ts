/**
 * The whole life of a process that serves a mount under a supervisor.
 *
 * LAW: it makes no mount, and its death loses none: what it negotiated the supervisor knows, and it keeps nothing of a node, a
 * directory or a request that another process would need.
 */
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLog } from '../log/log.js';
import { shownName } from '../open.js';
import { version } from '../programs.js';
import { limitCompiling } from './compile-limits.js';
import { endMount, raiseReadAhead } from './device-mount.js';
import { DeviceServers, type DeviceTransportParts } from './device-servers.js';
import { limitHeaps } from './heap-limits.js';
import { hearAll, tell } from './json-lines.js';
import { reopenLogOnHangup, STANDARD } from './reopen-log.js';
import { MountControl } from './serve-control.js';
import {
  DEVICE_DESCRIPTOR,
  type FromServing,
  SERVING_FORM,
  SUPERVISOR_SOCKET,
  type ToServing,
} from './serving-messages.js';
import type { Connection, MountErrorCode, MountRequest } from './transport.js';
import { lookInterval } from './watchdog.js';

const STDERR = 2;
const METRICS_TRIES = 10;
const METRICS_PAUSE_MS = 1_000;

export class Serving {
  readonly #parts: DeviceTransportParts;
  /** in the format that the supervisor names, once it has */
  #log = openLog(STDERR);
  readonly #supervisor = new Socket({ fd: SUPERVISOR_SOCKET, readable: true, writable: true });
  #servers: { readonly request: MountRequest; readonly servers: DeviceServers } | undefined;
  #unmount: (() => Promise<void>) | undefined;
  #control: MountControl | undefined;

  /** What `parts` open is served as the supervisor orders, until the mount ends or this process is killed. */
  constructor(parts: DeviceTransportParts) {
    this.#parts = parts;
    // Another process does better than one in an unknown state.
    process.on('uncaughtException', (error) => {
      this.#log.fatal({ event: 'defect', err: error }, 'a defect of erofs; please report it');
      die();
    });
    const stop = (reason: string) => this.#stopBySignal(reason);
    process.on('SIGINT', stop).on('SIGTERM', stop);
    hearAll<ToServing>(
      this.#supervisor,
      (order) => void this.#obey(order),
      () => this.#beAlone(),
    );
  }

  async #obey(order: ToServing): Promise<void> {
    if (order.kind === 'prepare') await this.#prepare(order.request);
    else if (order.kind === 'serve')
      await this.#serve({ ...order.connection, descriptor: DEVICE_DESCRIPTOR });
    else if (order.kind === 'unmount') await this.#end();
    else {
      this.#control?.close();
      await this.#servers?.servers.retire();
      this.#say({ kind: 'retired' });
    }
  }

  async #prepare(request: MountRequest): Promise<void> {
    this.#log = openLog(STDERR, request.logFormat);
    process.title = `erofs ${shownName(request.spec)} ${request.mountpoint}`;
    reopenLogOnHangup({ path: request.background?.logFile, descriptors: STANDARD }, this.#log);
    limitHeaps();
    limitCompiling();
    try {
      const servers = await DeviceServers.prepare(request, this.#parts, this.#log);
      this.#servers = { request, servers };
      this.#say({ kind: 'prepared', form: SERVING_FORM, version: version() });
    } catch (error) {
      this.#fail(error);
    }
  }

  async #serve(connection: Connection): Promise<void> {
    const { request, servers } = this.#servers!;
    const { begun, ended } = servers.serve(connection);
    this.#unmount = () => endMount(connection.entry, { evenIfBusy: true, ended, log: this.#log });
    const control = new MountControl(request, this.#log);
    if (request.watchdog > 0) {
      setInterval(() => this.#say({ kind: 'beat' }), lookInterval(request.watchdog)).unref();
    }
    this.#control = control;
    try {
      // later, the process before may still have its address
      if (!connection.isInitialised) await control.tellMetrics();
      const negotiated = await begun;
      this.#say({ kind: 'serving', ...(negotiated && { resends: negotiated.resends }) });
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!connection.isInitialised) raiseReadAhead(connection.entry, this.#log);
    void servers.noteXattrs();
    control.attach({
      ended,
      unmount: this.#unmount,
      get state() {
        return servers.state;
      },
    });
    void control.listen();
    if (connection.isInitialised) void this.#tellMetrics(control);
    void servers.failure.then((error) => {
      this.#log.fatal(
        { event: 'serving-failed', err: error },
        'too many serving threads ended; another process takes over',
      );
      die();
    });
    await ended;
    control.close();
    this.#log.info({ event: 'ended' }, 'ended');
    this.#sayLast({ kind: 'over' }, () => {
      if (servers.hasStuck) die();
      this.#supervisor.destroy();
    });
  }

  /** Where another process served before: it lets go of the address when it ends. */
  async #tellMetrics(control: MountControl): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await control.tellMetrics();
        return;
      } catch (error) {
        if (tries === METRICS_TRIES) {
          this.#log.warn(
            { event: 'metrics-lost', reason: (error as Error).message },
            'metrics are told no longer',
          );
          return;
        }
        await sleep(METRICS_PAUSE_MS, undefined, { ref: false });
      }
    }
  }

  #beAlone(): void {
    if (this.#unmount === undefined) die();
    this.#log.warn(
      { event: 'supervisor-gone' },
      'the supervisor is gone; nobody takes over should this process die',
    );
  }

  #stopBySignal(reason: string): void {
    this.#log.info({ event: 'unmounting', reason }, 'unmounting');
    this.#say({ kind: 'unmounting' });
    void this.#end();
  }

  async #end(): Promise<void> {
    try {
      await this.#unmount?.();
    } catch (error) {
      // The supervisor ends the mount where this process does not in time.
      this.#log.error({ event: 'unmount-failed', err: error }, 'unmounting failed');
    }
  }

  #fail(error: unknown): void {
    const { code = 'mount-failed', message } = error as NodeJS.ErrnoException;
    this.#sayLast({ kind: 'failed', code: code as MountErrorCode, message }, die);
  }

  #say(message: FromServing): void {
    tell(this.#supervisor, message);
  }

  #sayLast(message: FromServing, after: () => void): void {
    this.#supervisor.write(`${JSON.stringify(message)}\n`, after);
  }
}

/** process.exit() would wait for threads that are blocked in read(2). */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
