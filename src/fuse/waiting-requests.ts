/**
 * Requests that have to wait for bytes, any number of them at once, in a thread that can.
 *
 * LAW: every request is answered once: with what it asked for, with an errno, or with EINTR as soon as the kernel says that it
 * is no longer wanted; after end() with nothing, since the kernel has answered then. None waits for another one.
 */
import type { Dispatcher } from './dispatch.js';
import { Errno } from './errno.js';
import type { WaitingImage } from './image-opening.js';
import { LITTLE_ENDIAN, OUT_HEADER_SIZE } from './protocol.js';

/** Requests that are worked on at a time: each has a buffer for a megabyte. The kernel sends 64 for readahead, one a program besides. */
const AT_ONCE = 128;
/** Of their buffers, those that stay when they are free. */
const KEPT = 16;
/** An interrupt can overtake its request, as several threads read them. Many more are of requests that were answered. */
const EARLY_INTERRUPTS = 1024;

interface Waiting {
  readonly unique: bigint;
  readonly request: Uint8Array;
  readonly controller: AbortController;
}

export interface WaitingRequestsOptions {
  readonly image: Pick<WaitingImage, 'run'>;
  /** of the same image */
  makeDispatcher(): Dispatcher;
  /** Sends the first `length` bytes of the reply, an errno alone where the kernel finds them wrong. */
  send(dispatcher: Dispatcher, length: number): void;
  /** Sends an errno alone: 16 bytes. */
  sendRefusal(reply: Uint8Array): void;
}

export class WaitingRequests {
  readonly #options: WaitingRequestsOptions;
  /** those without an answer, by `unique` */
  readonly #waiting = new Map<bigint, Waiting>();
  /** those of them for which there is no dispatcher yet */
  readonly #queue: Waiting[] = [];
  readonly #free: Dispatcher[] = [];
  readonly #early = new Set<bigint>();
  #busy = 0;
  #over = false;

  constructor(options: WaitingRequestsOptions) {
    this.#options = options;
  }

  /** Requests without an answer. */
  get count(): number {
    return this.#waiting.size;
  }

  /** `request`: all bytes of one, header first, which are taken over. */
  accept(request: Uint8Array): void {
    if (this.#over) return;
    const unique = uniqueOf(request);
    const waiting: Waiting = { unique, request, controller: new AbortController() };
    if (this.#early.delete(unique)) {
      this.#refuse(waiting, Errno.EINTR);
      return;
    }
    this.#waiting.set(unique, waiting);
    this.#queue.push(waiting);
    this.#next();
  }

  /** Answers the request with EINTR and ends its waiting; nothing where it has its answer. */
  interrupt(unique: bigint): void {
    if (this.#over) return;
    const waiting = this.#waiting.get(unique);
    if (waiting === undefined) {
      this.#rememberEarly(unique);
      return;
    }
    this.#waiting.delete(unique);
    this.#refuse(waiting, Errno.EINTR);
    waiting.controller.abort();
  }

  /** The mount has ended, and with it what waits; nothing is sent from now on. */
  end(): void {
    this.#over = true;
    for (const { controller } of this.#waiting.values()) controller.abort();
    this.#waiting.clear();
    this.#queue.length = 0;
  }

  #next(): void {
    while (this.#busy < AT_ONCE) {
      const waiting = this.#queue.shift();
      if (waiting === undefined) return;
      if (!this.#waiting.has(waiting.unique)) continue;
      this.#busy++;
      void this.#work(waiting);
    }
  }

  async #work(waiting: Waiting): Promise<void> {
    const dispatcher = this.#free.pop() ?? this.#options.makeDispatcher();
    const length = await this.#answer(waiting, dispatcher);
    if (this.#waiting.delete(waiting.unique)) this.#options.send(dispatcher, length);
    if (this.#free.length < KEPT) this.#free.push(dispatcher);
    this.#busy--;
    this.#next();
  }

  async #answer({ request, controller }: Waiting, dispatcher: Dispatcher): Promise<number> {
    dispatcher.exchange.request.set(request);
    try {
      return await this.#options.image.run(() => dispatcher.dispatch(request.length), controller.signal);
    } catch (problem) {
      if (controller.signal.aborted) return dispatcher.refuse(Errno.EINTR);
      return dispatcher.fail(problem instanceof Error ? problem : new Error(String(problem)));
    }
  }

  #refuse({ request }: Waiting, errno: number): void {
    const reply = new Uint8Array(OUT_HEADER_SIZE);
    const view = new DataView(reply.buffer);
    view.setUint32(0, OUT_HEADER_SIZE, LITTLE_ENDIAN);
    view.setInt32(4, -errno, LITTLE_ENDIAN);
    reply.set(request.subarray(8, 16), 8);
    this.#options.sendRefusal(reply);
  }

  /** The oldest is forgotten: numbers are never given twice, so that one too many harms nobody. */
  #rememberEarly(unique: bigint): void {
    this.#early.add(unique);
    if (this.#early.size <= EARLY_INTERRUPTS) return;
    for (const oldest of this.#early) {
      this.#early.delete(oldest);
      return;
    }
  }
}

/** The number that joins a request and its reply. */
export function uniqueOf(request: Uint8Array): bigint {
  const view = new DataView(request.buffer, request.byteOffset, request.byteLength);
  return view.getBigUint64(8, LITTLE_ENDIAN);
}
