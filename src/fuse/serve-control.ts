/**
 * What a mount lets people ask while it is served: over its socket, over --metrics, and by signals.
 *
 * LAW: a mount that nobody can ask serves as well as any other: without a socket there is a warning in the log. Only --metrics, which
 * somebody asked for, has to be there.
 */

import type { ControlledMount, MountStatistics, MountStatus } from '../control/controlled-mount.js';
import type { Listening } from '../control/listening.js';
import { LEVELS } from '../log/log.js';
import type { Log } from '../log/log-events.js';
import { shownName } from '../open.js';
import { counters } from '../statistics/counters.js';
import { type ReadCells, readCells, readHeat } from '../statistics/read-heat.js';
import { readStatistics } from '../statistics/statistics.js';
import { type MountEntry, mountAt } from './mountinfo.js';
import { lastProblem } from './problem-log.js';
import { OPCODES } from './protocol.js';
import type { LiveMount, MountRequest } from './transport.js';

const NOT_YET = { waiting: 0, blobs: [], prefetching: undefined };

export class MountControl implements ControlledMount {
  readonly #request: MountRequest;
  readonly #log: Log;
  readonly #listening: Listening[] = [];
  readonly #counted = counters.memory;
  readonly #heat = readHeat.memory;
  readonly #started = Date.now() - process.uptime() * 1000;
  readonly #tellStatistics = () =>
    this.#log.info({ event: 'statistics', statistics: this.statistics() }, 'SIGUSR1');
  readonly #toggleDebug = () => this.#toggle();
  /** the level before debug */
  readonly #usualLevel: string;
  #live: LiveMount | undefined;
  #entry: MountEntry | undefined;
  #metrics: string | undefined;
  #isOver = false;

  constructor(request: MountRequest, log: Log) {
    this.#request = request;
    this.#log = log;
    this.#usualLevel = log.level === 'debug' ? 'info' : log.level;
    process.on('SIGUSR1', this.#tellStatistics).on('SIGUSR2', this.#toggleDebug);
  }

  /** Settles when --metrics answers, where it is asked for; rejects with ControlError. */
  async tellMetrics(): Promise<void> {
    const { metrics } = this.#request;
    if (metrics === undefined) return;
    const { listenForMetrics } = await import('../control/listening.js');
    const listening = await listenForMetrics(this, metrics);
    this.#keep(listening);
    this.#metrics = listening.address;
    this.#log.info(
      { event: 'metrics-listening', address: listening.address },
      'metrics are told at /metrics',
    );
  }

  /** Settles when it can be asked over its socket, or has warned that it cannot. To be called when it is mounted: nobody waits for it. */
  async listen(): Promise<void> {
    try {
      const { listenOnSocket } = await import('../control/listening.js');
      this.#keep(await listenOnSocket(this));
    } catch (error) {
      this.#log.warn(
        { event: 'control-socket-missing', reason: (error as Error).message },
        'there is no control socket: erofs status cannot ask',
      );
    }
  }

  /** It is mounted. */
  attach(live: LiveMount): void {
    this.#live = live;
    this.#entry = mountAt(this.#request.mountpoint);
  }

  close(): void {
    this.#isOver = true;
    process.off('SIGUSR1', this.#tellStatistics).off('SIGUSR2', this.#toggleDebug);
    for (const listening of this.#listening.splice(0)) listening.close();
  }

  async status(): Promise<MountStatus> {
    const { spec, mountpoint, transport, background } = this.#request;
    const { blobs, waiting, prefetching } = this.#live?.state ?? NOT_YET;
    const { failures } = this.statistics();
    return {
      mountpoint,
      device: this.#entry === undefined ? null : { major: this.#entry.major, minor: this.#entry.minor },
      image: shownName(spec),
      driver: 'fuse',
      transport,
      reason: background?.reason ?? null,
      pid: process.pid,
      started: Math.round(this.#started),
      uptime: process.uptime(),
      memory: process.memoryUsage.rss(),
      log_file: background?.logFile ?? null,
      log_level: this.#log.level,
      metrics: this.#metrics ?? null,
      layers: background?.layers ?? [],
      blobs: await Promise.all(
        blobs.map(async (blob) => ({ name: blob.name, size: blob.size, kept: (await blob.kept?.()) ?? 0 })),
      ),
      prefetching: prefetching ?? null,
      waiting,
      failures,
      last_error: lastError(),
    };
  }

  statistics(): MountStatistics {
    return {
      mountpoint: this.#request.mountpoint,
      pid: process.pid,
      uptime: process.uptime(),
      waiting: this.#live?.state.waiting ?? 0,
      ...readStatistics(this.#counted, OPCODES),
    };
  }

  reads(): ReadCells[] {
    return readCells(this.#heat);
  }

  setLogLevel(level: string): boolean {
    if (!LEVELS.includes(level)) return false;
    this.#log.level = level;
    return true;
  }

  #keep(listening: Listening): void {
    if (this.#isOver) listening.close();
    else this.#listening.push(listening);
  }

  #toggle(): void {
    this.#log.level = this.#log.level === 'debug' ? this.#usualLevel : 'debug';
    this.#log.info({ event: 'log-level', logLevel: this.#log.level }, 'SIGUSR2');
  }
}

function lastError(): MountStatus['last_error'] {
  const problem = lastProblem();
  if (problem === undefined) return null;
  const { time, message, record } = problem;
  const { operation, nid = null, offset = null, code = null, errno = null } = record;
  return { time, message, operation, nid, offset, code, errno };
}
