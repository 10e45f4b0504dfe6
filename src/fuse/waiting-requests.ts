/**
 * Requests that have to wait for bytes, any number of them at once, in a thread that can.
 *
 * LAW: every request is answered once: with what it asked for, with an errno, or with EINTR as soon as the kernel says that it
 * is no longer wanted; after end() with nothing, since the kernel has answered then. None waits for another one, except for memory.
 */
import { Count, counters } from '../statistics/counters.js';
import { refusalOf } from './dev-fuse-reply.js';
import type { Dispatcher } from './dispatch.js';
import { Errno } from './errno.js';
import type { WaitingImage } from './image-opening.js';
import {
  IN_HEADER_SIZE,
  LITTLE_ENDIAN,
  MAX_READ,
  READ,
  READDIR,
  READDIRPLUS,
  REPLY_CAPACITY,
} from './protocol.js';
import { countAnswer } from './request-counts.js';

/**
 * What the answer to a request takes, and what is fetched for it and held until then: of small ones, which may need a cluster of
 * which they want a part, and of reads, for each byte of them.
 */
const SMALL_REQUEST = 128 << 10;
const FOR_EACH_BYTE = 2;
/** Of the memory for requests, what large ones take at most: whoever wants little does not wait for them. */
const LARGE = 3 / 4;
/** A request that has no answer yet: its bytes, and who waits for it. */
const WAITING_SIZE = 2 << 10;
/** Of the memory for requests, what those take at most that are not worked on yet. */
const QUEUED = 1 / 8;
/** An interrupt can overtake its request, as several threads read them. Many more are of requests that were answered. */
const EARLY_INTERRUPTS = 1024;
/** fuse_read_in: fh, offset, size */
const SIZE_AT = IN_HEADER_SIZE + 16;

interface Waiting {
  readonly unique: bigint;
  readonly request: Uint8Array;
  readonly controller: AbortController;
  /** how often look() has met it */
  looks: number;
  /** bytes that working on it takes */
  readonly cost: number;
  /** on the clock of performance.now() */
  readonly since: number;
}

export interface WaitingRequestsOptions {
  readonly image: Pick<WaitingImage, 'run'>;
  /** bytes that all requests take at most; one that takes more alone is worked on alone */
  readonly memory: number;
  /** told whether there are as many as may wait: the next are to be left with the kernel */
  full?(isFull: boolean): void;
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
  readonly #most: number;
  /** bytes that those take which are worked on */
  #busy = 0;
  #isFull = false;
  #over = false;

  constructor(options: WaitingRequestsOptions) {
    this.#options = options;
    this.#most = Math.max(1, Math.floor((options.memory * QUEUED) / WAITING_SIZE));
  }

  /** Requests without an answer. */
  get count(): number {
    return this.#waiting.size;
  }

  /** `request`: all bytes of one, header first, which are taken over. */
  accept(request: Uint8Array): void {
    if (this.#over) return;
    const unique = uniqueOf(request);
    const waiting: Waiting = {
      unique,
      request,
      controller: new AbortController(),
      looks: 0,
      cost: costOf(request),
      since: performance.now(),
    };
    if (this.#early.delete(unique)) {
      this.#refuse(waiting, Errno.EINTR);
      return;
    }
    this.#waiting.set(unique, waiting);
    this.#queue.push(waiting);
    this.#next();
    this.#tellFull();
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
    counters.add(Count.interrupted, 1);
    this.#refuse(waiting, Errno.EINTR);
    waiting.controller.abort();
    this.#tellFull();
  }

  /** To be called again and again: what it meets for the `most`th time has hung, and is answered with EIO. Returns how many. */
  look(most: number): number {
    let hung = 0;
    for (const waiting of this.#waiting.values()) {
      waiting.looks++;
      if (waiting.looks < most) continue;
      hung++;
      this.#waiting.delete(waiting.unique);
      this.#refuse(waiting, Errno.EIO);
      waiting.controller.abort();
    }
    this.#tellFull();
    return hung;
  }

  /** The mount has ended, and with it what waits; nothing is sent from now on. */
  end(): void {
    this.#over = true;
    for (const { controller } of this.#waiting.values()) controller.abort();
    this.#waiting.clear();
    this.#queue.length = 0;
    this.#tellFull();
  }

  #tellFull(): void {
    const isFull = this.#waiting.size >= this.#most;
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#options.full?.(isFull);
  }

  #next(): void {
    for (let at = 0; at < this.#queue.length; ) {
      const waiting = this.#queue[at]!;
      const isWanted = this.#waiting.has(waiting.unique);
      if (isWanted && !this.#hasRoomFor(waiting)) {
        at++;
        continue;
      }
      this.#queue.splice(at, 1);
      if (!isWanted) continue;
      this.#busy += waiting.cost;
      void this.#work(waiting);
    }
  }

  #hasRoomFor({ cost }: Waiting): boolean {
    const { memory } = this.#options;
    return this.#busy === 0 || this.#busy + cost <= (cost === SMALL_REQUEST ? memory : memory * LARGE);
  }

  async #work(waiting: Waiting): Promise<void> {
    const dispatcher = this.#free.pop() ?? this.#options.makeDispatcher();
    const length = await this.#answer(waiting, dispatcher);
    if (this.#waiting.delete(waiting.unique)) {
      countAnswer(dispatcher.exchange, length);
      this.#options.send(dispatcher, length);
      counters.took(dispatcher.exchange.opcode, performance.now() - waiting.since);
    }
    if ((this.#free.length + 1) * 4 * REPLY_CAPACITY <= this.#options.memory) this.#free.push(dispatcher);
    this.#busy -= waiting.cost;
    this.#next();
    this.#tellFull();
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
    this.#options.sendRefusal(refusalOf(request, errno));
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

/** Reads and listings say how much they want. */
function costOf(request: Uint8Array): number {
  const view = new DataView(request.buffer, request.byteOffset, request.byteLength);
  const opcode = request.length >= 8 ? view.getUint32(4, LITTLE_ENDIAN) : 0;
  if ((opcode !== READ && opcode !== READDIR && opcode !== READDIRPLUS) || request.length < SIZE_AT + 4)
    return SMALL_REQUEST;
  return SMALL_REQUEST + FOR_EACH_BYTE * Math.min(MAX_READ, view.getUint32(SIZE_AT, LITTLE_ENDIAN));
}

/** The number that joins a request and its reply. */
export function uniqueOf(request: Uint8Array): bigint {
  const view = new DataView(request.buffer, request.byteOffset, request.byteLength);
  return view.getBigUint64(8, LITTLE_ENDIAN);
}
