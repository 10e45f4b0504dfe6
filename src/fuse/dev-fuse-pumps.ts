/**
 * The worker threads of one mount, from their images opened to the end of the last.
 *
 * LAW: a request that a thread took is answered: by the thread, or with EIO where it dies or hangs. Another thread then takes its
 * place, unless too many of them died in a short time.
 */
import type { Log } from '../log/log-events.js';
import type { PumpMessage } from './dev-fuse-pump.js';
import { refusalOf, sendRefusal } from './dev-fuse-reply.js';
import { Errno } from './errno.js';
import { type ProblemRecord, remembered } from './problem-log.js';
import { OPCODES } from './protocol.js';
import { requestOf } from './pump-progress.js';
import { type Negotiated, type PumpSetting, PumpThread } from './pump-thread.js';
import { RestartLimit } from './restart-limit.js';
import { SharedState } from './shared-state.js';
import { type Connection, MountError } from './transport.js';
import type { WaitingRequests } from './waiting-requests.js';
import { lookInterval, Watchdog } from './watchdog.js';

const INIT_PATIENCE_MS = 10_000;
/** What a read may wait for a network where nobody says. */
const READ_DEADLINE_MS = 60_000;

/** Threads that hang in the system's calls, which nothing ends, each with caches of its own. */
const MOST_STUCK = 8;

export class Pumps {
  /** resolves when every pump has ended that does not hang */
  readonly ended: Promise<void>;
  /** resolves with what ended a pump that no other one replaces */
  readonly failure: Promise<Error>;
  readonly #program: URL;
  readonly #setting: PumpSetting;
  readonly #state: SharedState;
  readonly #log: Log;
  readonly #tell: (record: ProblemRecord, message: string) => void;
  readonly #threads = new Set<PumpThread>();
  readonly #stuck = new Set<PumpThread>();
  readonly #restarts = new RestartLimit();
  #serving: { readonly connection: Connection; readonly waiting: WaitingRequests | undefined } | undefined;
  #watching: NodeJS.Timeout | undefined;
  #resolveEnded = (): void => {};
  #resolveFailure = (_: Error): void => {};

  /** `program` of each worker calls runPump(). */
  constructor(program: URL, setting: PumpSetting, log: Log) {
    this.#program = program;
    this.#setting = setting;
    this.#state = new SharedState(setting.shared);
    this.#log = log;
    this.#tell = remembered((record, message) => log.warn({ event: 'problem', ...record }, message));
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.failure = new Promise((resolve) => {
      this.#resolveFailure = resolve;
    });
    for (let i = 0; i < setting.pumps; i++) this.#start();
  }

  /** Threads that are in a call of the system which does not end: the process can only be killed. */
  get hasStuck(): boolean {
    return this.#stuck.size > 0;
  }

  /** Whether a request that a thread took has no answer yet. */
  get isBusy(): boolean {
    return [...this.#threads].some(({ progress }) => progress.isBusy);
  }

  /** Settles when all have opened the image, which may be gone by the next moment; rejects where one cannot, and then all have ended. */
  async open(): Promise<void> {
    try {
      await Promise.all([...this.#threads].map(({ opened }) => opened));
    } catch (error) {
      this.dismiss();
      throw error;
    }
  }

  /** Ends pumps that serve nothing yet. */
  dismiss(): void {
    for (const thread of this.#threads) thread.dismiss();
  }

  /** No pump reads another request than the one that it may be waiting for. */
  retire(): void {
    for (const { progress } of this.#threads) progress.retire();
  }

  /**
   * Resolves when the kernel's INIT has been answered, now or in an earlier process. Rejects with MountError; the pumps go on
   * until unmounted. `waiting` gets what they hand over; what hangs for longer than `limit` milliseconds is ended, unless it is 0.
   */
  async serve(
    connection: Connection,
    waiting: WaitingRequests | undefined,
    limit: number,
  ): Promise<Negotiated | undefined> {
    this.#serving = { connection, waiting };
    for (const thread of this.#threads) thread.serve(connection);
    if (limit > 0) this.#watch(limit);
    if (connection.isInitialised) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const waited = `${INIT_PATIENCE_MS / 1000} s`;
        reject(
          new MountError('timeout', `the kernel did not begin to talk within ${waited}; dmesg may tell why`),
        );
      }, INIT_PATIENCE_MS);
    });
    try {
      return await Promise.race([this.#initialised(), this.#endedEarly(), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  #start(): PumpThread {
    const thread: PumpThread = new PumpThread(this.#program, this.#setting, (message) => this.#hear(message));
    this.#threads.add(thread);
    thread.ended.then((problem) => this.#gone(thread, problem));
    return thread;
  }

  #hear(message: PumpMessage): void {
    if (message.kind === 'waits') this.#serving?.waiting?.accept(message.request);
    else if (message.kind === 'interrupt') this.#serving?.waiting?.interrupt(message.unique);
    else if (message.kind === 'serves') this.#countServing();
    else if (message.kind === 'problem') this.#tell(message.record, message.message);
  }

  #gone(thread: PumpThread, problem: Error | undefined): void {
    this.#stuck.delete(thread);
    // Not among them: it hung, and another one has its place.
    const isOurs = this.#threads.delete(thread);
    this.#countServing();
    if (isOurs && problem !== undefined && this.#serving !== undefined) {
      this.#replace(thread, problem, 'a serving thread died');
    }
    this.#checkEnd();
  }

  #countServing(): void {
    let count = 0;
    for (const { serves } of this.#threads) if (serves) count++;
    this.#state.noteServing(count);
  }

  #checkEnd(): void {
    if (this.#threads.size > 0) return;
    clearInterval(this.#watching);
    this.#resolveEnded();
  }

  #watch(limit: number): void {
    const watchdog = new Watchdog<PumpThread>(limit);
    const { deadline = READ_DEADLINE_MS } = this.#setting.spec.remote?.lazy ?? {};
    const mostWaiting = Math.ceil((limit + deadline) / lookInterval(limit));
    const look = () => {
      for (const thread of watchdog.look(this.#threads)) {
        this.#threads.delete(thread);
        this.#stuck.add(thread);
        this.#countServing();
        this.#replace(thread, new Error(`no answer within ${limit / 1000} s`), 'a serving thread hangs');
        thread.stop();
      }
      const hung = this.#serving?.waiting?.look(mostWaiting) ?? 0;
      if (hung > 0)
        this.#log.error(
          { event: 'requests-timed-out', requests: hung, errno: Errno.EIO },
          'requests that waited for too long',
        );
    };
    this.#watching = setInterval(look, lookInterval(limit)).unref();
  }

  #replace(thread: PumpThread, problem: Error, what: string): void {
    const { connection } = this.#serving!;
    let request: object = {};
    if (thread.progress.isBusy) {
      const header = thread.progress.header();
      const { opcode, nodeId } = requestOf(header);
      request = { operation: OPCODES[opcode]?.name ?? `opcode ${opcode}`, nodeId, errno: Errno.EIO };
      sendRefusal(connection.descriptor, refusalOf(header, Errno.EIO));
    }
    const deaths = this.#restarts.note();
    if (deaths >= RestartLimit.MOST || this.#stuck.size > MOST_STUCK) {
      this.#resolveFailure(problem);
      return;
    }
    this.#log.error(
      { event: 'thread-replaced', ...request, reason: problem.message },
      `${what}; another one takes its place`,
    );
    const next = this.#start();
    // Where it cannot open the image it ends, which counts as a death.
    next.opened.then(
      () => next.serve(connection),
      () => {},
    );
  }

  #initialised(): Promise<Negotiated> {
    return Promise.race([...this.#threads].map(({ initialised }) => initialised)).then((negotiated) => {
      if (negotiated.supported) return negotiated;
      const found = `this kernel speaks FUSE ${negotiated.version}, and 7.31 is the oldest that works (Linux 5.4)`;
      throw new MountError('kernel-refused', `${found}; use --transport fuse-native`);
    });
  }

  async #endedEarly(): Promise<never> {
    const failure = await Promise.race([this.failure, this.ended]);
    const reason = failure === undefined ? 'somebody unmounted it' : failure.message;
    throw new MountError('mount-failed', `the mount ended before it answered: ${reason}`);
  }
}
