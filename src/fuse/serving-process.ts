/** A process that serves a mount, seen from its supervisor. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { ServingProgram } from './control-socket.js';
import { PROCESS_FLAGS } from './heap-limits.js';
import { hearAll, tell } from './json-lines.js';
import { isRunning } from './process-table.js';
import { type FromServing, SUPERVISOR_SOCKET, type ToServing } from './serving-messages.js';
import { type Connection, MountError, type MountRequest } from './transport.js';

/** How long the last words of a dead process may be under way. */
const LAST_WORDS_MS = 50;
/** How a process that was told to end is waited for. */
const PATIENCE_MS = 5_000;

export type Prepared = Extract<FromServing, { kind: 'prepared' }>;

/** What all processes of a mount are given. */
export interface ServingTask {
  readonly request: MountRequest;
  /** where they log */
  readonly logDescriptor: number;
}

/** How it ended: `over` with the mount, otherwise before. */
export interface ServingEnd {
  readonly over: boolean;
  /** "SIGKILL", "exit status 1" */
  readonly how: string;
}

export interface ServingListener {
  /** it unmounts because a signal told it to */
  unmounting(): void;
}

export class ServingProcess {
  readonly #child: ChildProcess;
  readonly #socket: Socket;
  /** rejects with MountError where it cannot serve */
  readonly prepared: Promise<Prepared>;
  /** whether the kernel sends requests again, where this process has answered INIT; rejects where it ends before */
  readonly serving: Promise<boolean | undefined>;
  readonly ended: Promise<ServingEnd>;
  readonly #heard = new Map<FromServing['kind'], (message: FromServing) => void>();
  #isOver = false;
  /** of performance.now() */
  #servingSince: number | undefined;
  #silentLooks = 0;
  #end = (_: ServingEnd): void => {};

  /** `program` is serving-program.js, of this version or of another. */
  constructor(
    program: ServingProgram,
    { request, logDescriptor }: ServingTask,
    descriptor: number,
    listener: ServingListener,
  ) {
    const { spec, mountpoint } = request;
    // The arguments are for `ps` alone, and make room for the process title that says the same.
    this.#child = spawn(program.node, [...PROCESS_FLAGS, program.file, spec.image, mountpoint], {
      argv0: 'erofs',
      cwd: '/',
      stdio: ['ignore', logDescriptor, logDescriptor, 'pipe', descriptor],
    });
    this.#socket = this.#child.stdio[SUPERVISOR_SOCKET] as Socket;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#child.once('error', (error) => this.#end({ over: false, how: error.message }));
    // not 'exit', which may overtake what it said last
    this.#child.once('close', (status, signal) =>
      this.#end({ over: this.#isOver, how: signal ?? `exit status ${status}` }),
    );
    this.#heard
      .set('over', () => {
        this.#isOver = true;
      })
      .set('unmounting', () => listener.unmounting());
    this.prepared = this.#message<Prepared>('prepared');
    this.serving = this.#message<Extract<FromServing, { kind: 'serving' }>>('serving').then((message) => {
      this.#servingSince = performance.now();
      return message.resends;
    });
    // Awaited when their turn comes, which may be after they have failed.
    this.prepared.catch(() => {});
    this.serving.catch(() => {});
    hearAll<FromServing>(
      this.#socket,
      (message) => {
        this.#silentLooks = 0;
        this.#heard.get(message.kind)?.(message);
      },
      () => {},
    );
    tell<ToServing>(this.#socket, { kind: 'prepare', request });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** for how many milliseconds it has served; 0 where it has not begun */
  get servedFor(): number {
    return this.#servingSince === undefined ? 0 : performance.now() - this.#servingSince;
  }

  serve({ entry, isInitialised, refuseResent }: Connection): void {
    tell<ToServing>(this.#socket, { kind: 'serve', connection: { entry, isInitialised, refuseResent } });
  }

  unmount(): void {
    tell<ToServing>(this.#socket, { kind: 'unmount' });
  }

  /** It answers what it has, and ends; the kernel may send again what it read since. */
  async retire(): Promise<void> {
    const retired = new Promise<void>((resolve) => this.#heard.set('retired', () => resolve()));
    const killed = setTimeout(() => this.kill(), PATIENCE_MS * 2);
    tell<ToServing>(this.#socket, { kind: 'retire' });
    await Promise.race([retired, this.ended]);
    clearTimeout(killed);
    // Its threads are blocked in read(2).
    await this.killed();
  }

  /** Kills it. Settles when it has ended, as far as that can be: see look(). */
  async killed(): Promise<void> {
    this.kill();
    const looking = setInterval(() => this.look(), LAST_WORDS_MS);
    await this.ended;
    clearInterval(looking);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  kill(): void {
    this.signal('SIGKILL');
  }

  /** Settles when it has ended by itself, or was killed after a while. */
  async waitForEnd(): Promise<void> {
    const kill = setTimeout(() => this.kill(), PATIENCE_MS);
    await this.ended;
    clearTimeout(kill);
  }

  /**
   * To be called again and again: the number of calls since it was heard of. It is found dead where its threads are not: one
   * that gives the kernel a page may wait, beyond any signal, for a request that the dead ones took, and with it the system's
   * word of the end.
   */
  look(): number {
    const { pid } = this.#child;
    if (pid !== undefined && !isRunning(pid))
      setTimeout(() => this.#end({ over: this.#isOver, how: 'killed' }), LAST_WORDS_MS);
    return this.#servingSince === undefined ? 0 : ++this.#silentLooks;
  }

  #message<T extends FromServing>(kind: T['kind']): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#heard.set(kind, (message) => resolve(message as T));
      const failed = this.#heard.get('failed');
      this.#heard.set('failed', (message) => {
        failed?.(message);
        if (message.kind === 'failed') reject(new MountError(message.code, message.message));
      });
      void this.ended.then(({ how }) =>
        reject(new MountError('daemon-died', `the serving process ended (${how}) before the mount answered`)),
      );
    });
  }
}
