/**
 * A blob behind a network as a Source: what was fetched once is kept, and only the rest is fetched.
 *
 * Without a remote blob it answers from what is kept alone: in the threads that cannot wait, and where the network may not
 * be used. What has arrived is also in memory for a while, so that a store that keeps nothing costs no byte twice in a row.
 */
import { RemoteError } from '../remote/remote-blob.js';
import { Count, counters } from '../statistics/counters.js';
import { type Heat, readHeat } from '../statistics/read-heat.js';
import { Patience, unlessAborted } from './abort.js';
import { AheadQueue } from './ahead-queue.js';
import { type ChunkAssembly, chunkLength, chunksOf } from './chunk-assembly.js';
import type { ChunkStore } from './chunk-store.js';
import { type ChunkRun, coalesce } from './coalesce.js';
import { type Flight, Flights } from './flights.js';
import { DEFAULT_DEADLINE, Grace } from './grace.js';
import { HeldChunks } from './held-chunks.js';
import type { LazyCounters, LazyOptions } from './lazy-options.js';
import { type LazyBlob, OtherSide } from './other-side.js';
import { ReadNotes } from './read-notes.js';
import { Readahead, windowOf } from './readahead.js';
import { type Place, RecentChunks, ringOf } from './recent-chunks.js';
import type { SharedBlob } from './shared-blob.js';
import { SharedPlaces, sharedPlacesMemory } from './shared-places.js';
import { type BlobRange, requireRange, type Source } from './source.js';

/** How long one read waits, and whether what was here for it has been counted. */
interface Wait {
  readonly patience: Patience;
  readonly grace: Grace;
  isCounted: boolean;
}

const MIB = 2 ** 20;
/** Of files of 1 KiB to 1 MiB, one in twenty read whole, 1.8 to 2.5 bytes came for each that was read with 128 KiB; 1.5 to 1.8 so. */
const READAHEAD_AFTER = MIB;
/** A kept chunk that turns out to be damaged is fetched again; so often within one read, and then the disk is to blame. */
const ROUNDS = 4;

export class LazySource implements Source {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly chunkSize: number;
  readonly #store: ChunkStore;
  readonly #options: LazyOptions;
  /** those that are fetched here, and what can be copied from: the same, or what another thread has fetched */
  readonly #recent: RecentChunks;
  readonly #arrived: Pick<SharedPlaces, 'has' | 'copy' | 'discard'>;
  readonly #places: SharedPlaces;
  readonly #flights: Flights;
  readonly #ahead: AheadQueue;
  readonly #readahead: Readahead;
  readonly #reads: ReadNotes;
  readonly #otherSide: OtherSide;
  readonly #heat: Heat;
  readonly #deadline: number;
  readonly #counters = { chunksFetched: 0, hits: 0 };
  #unasked: ChunkAssembly | undefined;
  #lastFailure: unknown;
  #following: Promise<void> | undefined;
  #closed = false;

  /** Takes over store and connection: closing it closes both. */
  constructor(blob: LazyBlob, store: ChunkStore, options: LazyOptions = {}) {
    this.id = blob.id;
    this.name = blob.name;
    this.size = blob.size;
    this.chunkSize = store.chunkSize;
    this.#heat = readHeat.of(blob.id, blob.size);
    this.#deadline = options.deadline ?? DEFAULT_DEADLINE;
    this.#store = store;
    this.#options = options;
    this.#otherSide = new OtherSide(blob, options.connection);
    // to another process it went as text
    const shared = blob.shared?.reads instanceof SharedArrayBuffer ? blob.shared : undefined;
    const { mayBeAsked } = this.#otherSide;
    const ring = ringOf(mayBeAsked ? options : { memory: 0 }, this.chunkSize);
    const theirs = mayBeAsked ? undefined : shared?.places;
    this.#places = new SharedPlaces(this.chunkSize, theirs ?? sharedPlacesMemory(ring.memory, this));
    this.#recent = new RecentChunks(this.#places, ring);
    this.#arrived = mayBeAsked ? this.#recent : this.#places;
    this.#reads = new ReadNotes(shared?.reads);
    const isMissing = (chunk: number) => !this.#isChunkHere(chunk);
    this.#flights = new Flights({
      places: this,
      connect: () => this.#otherSide.connect(),
      claim: (first, end) => store.claim(first, end),
      release: (chunk) => store.release(chunk),
      isMissing,
      take: (length) => this.#recent.take(length),
      keep: (chunk, place) => this.#keep(chunk, place),
      ended: (failure) => this.#requestEnded(failure),
    });
    this.#ahead = new AheadQueue(this.#flights, {
      longest: this.#longest,
      parallel: options.parallelAhead ?? 2,
      // what is kept is found when it is claimed, many chunks at once
      isMissing: (chunk) => !this.#recent.has(chunk),
    });
    this.#readahead = new Readahead({
      largest: this.#chunks(windowOf(options)),
      beginning: this.#chunks(options.readaheadAfter ?? READAHEAD_AFTER),
    });
  }

  /** for other sources of the blob in this process */
  get shared(): SharedBlob {
    return { written: this.#store.written, reads: this.#reads.memory, places: this.#places.memory };
  }

  get counters(): LazyCounters {
    return { ...this.#counters, bytesFetched: this.#flights.bytesFetched };
  }

  readSync(dst: Uint8Array, offset: number): boolean {
    requireRange(this, offset, dst.length);
    this.#options.observed?.(offset, dst.length);
    const isRecent = this.#arrived.has(Math.floor(offset / this.chunkSize));
    const filled = (!isRecent && this.#store.readSync(dst, offset)) || this.#assemble(dst, offset);
    if (filled) {
      const chunks = Math.ceil((offset + dst.length) / this.chunkSize) - Math.floor(offset / this.chunkSize);
      this.#counters.hits += chunks;
      counters.lookUp(Count.chunkHits, chunks);
      this.#heat.note(offset, dst.length);
    }
    return filled;
  }

  isHere(offset: number, length: number): boolean {
    const first = Math.floor(offset / this.chunkSize);
    const end = Math.ceil((offset + length) / this.chunkSize);
    // who fetches sees for himself what is read
    if (!this.#otherSide.mayBeAsked) this.#reads.add(first, end);
    if (!this.#arrived.has(first) && this.#store.has(offset, length)) return true;
    for (let chunk = first; chunk < end; chunk++) {
      if (!this.#isChunkHere(chunk)) return false;
    }
    return true;
  }

  /** Bytes that are kept, as it stands now. */
  kept(): Promise<number> {
    return this.#store.kept();
  }

  /** The whole chunks that the range lies in. Whoever gave them in this session is asked last for them. */
  discard(offset: number, length: number): void {
    this.#otherSide.remote?.blame?.({ offset, length });
    for (const chunk of chunksOf(this, [{ offset, length }])) {
      this.#arrived.discard(chunk);
      this.#store.doubt(chunk);
    }
  }

  /**
   * Rejects with RemoteError as the other side does; 'offline' where it may not be asked, and 'unreachable' where it took longer
   * than the deadline.
   */
  async read(ranges: readonly BlobRange[], signal?: AbortSignal): Promise<Uint8Array[]> {
    const held = this.#begin(ranges, signal);
    const wait = this.#wait(signal);
    try {
      for (let round = 0; round < ROUNDS; round++) {
        await this.#gather(ranges, held, wait);
        const filled = ranges.map(({ length }) => new Uint8Array(length));
        if (filled.every((bytes, i) => this.#assemble(bytes, ranges[i]!.offset))) {
          for (const { offset, length } of ranges) this.#heat.note(offset, length);
          return filled;
        }
      }
    } finally {
      wait.patience.end();
      held.release();
    }
    const message = `${this.name}: what was kept of it was damaged ${ROUNDS} times in a row; check the disk of the cache`;
    throw Object.assign(new Error(message), { code: 'io' });
  }

  /** As Source says; rejects as read() does. */
  async hold(ranges: readonly BlobRange[], signal?: AbortSignal): Promise<() => void> {
    const held = this.#begin(ranges, signal);
    const wait = this.#wait(signal);
    try {
      await this.#gather(ranges, held, wait);
    } catch (error) {
      held.release();
      throw error;
    } finally {
      wait.patience.end();
    }
    return () => held.release();
  }

  /**
   * Fetches what is not here of a range, giving way to every read. Settles when all of it was fetched, here or by another
   * process; rejects with the first failure, or the signal's reason.
   */
  async prefetch({ offset, length }: BlobRange, signal?: AbortSignal): Promise<void> {
    if (!this.#otherSide.mayBeAsked) throw this.#otherSide.offline();
    const within = { offset, length: Math.min(this.size, offset + length) - offset };
    const chunks = chunksOf(this, [within]);
    if (chunks.length === 0) return;
    await this.#ahead.prefetch({ first: chunks[0]!, end: chunks.at(-1)! + 1 }, signal);
    const grace = new Grace(this.#options);
    const isElsewhere = (chunk: number) =>
      this.#store.isClaimed(chunk) && !this.#flights.has(chunk) && !this.#isChunkHere(chunk);
    for (let left = chunks.filter(isElsewhere); left.length > 0; left = left.filter(isElsewhere)) {
      if (grace.isOver) return this.#fetch(left, undefined, signal, grace);
      await grace.wait(left.length, signal);
    }
  }

  /** Makes the way to the other side ready, where something of the blob is still there. */
  approach(): void {
    if (this.#otherSide.mayBeAsked && !this.isHere(0, this.size)) this.#otherSide.approach();
  }

  /** Bytes that came without being asked for here, in order: the answer that opened the blob. `bytes` are lent. */
  accept(at: number, bytes: Uint8Array): void {
    // an answer with the whole blob comes to those who wait for a part of it as well, and is counted there
    if (!this.#flights.has(Math.floor(at / this.chunkSize))) this.#flights.count(bytes.length);
    this.#unasked ??= this.#flights.assembly();
    this.#unasked.add(at, bytes);
  }

  /** Settles when what has arrived is durable: other threads and processes find it from then on. */
  flush(): Promise<void> {
    return this.#store.flush();
  }

  /** Settles when what is kept was held against the digest of all of it, where that is all that proves it; rejects where it is wrong. */
  async settled(): Promise<void> {
    await this.#options.watcher?.settled();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.watcher?.stop();
    const reason = new RemoteError('unreachable', `${this.name} was closed while it was read`);
    this.#reads.wake();
    this.#ahead.clear(reason);
    this.#flights.abort(reason);
    this.#otherSide.close();
    this.#store.close();
  }

  #wait(signal: AbortSignal | undefined): Wait {
    return { patience: new Patience(signal), grace: new Grace(this.#options), isCounted: false };
  }

  #begin(ranges: readonly BlobRange[], signal: AbortSignal | undefined): HeldChunks {
    signal?.throwIfAborted();
    for (const { offset, length } of ranges) {
      requireRange(this, offset, length);
      this.#options.observed?.(offset, length);
    }
    const held = new HeldChunks(this.#store, chunksOf(this, ranges));
    for (const chunk of held.chunks) held.add(chunk, this.#recent.hold(chunk));
    return held;
  }

  /** Waits until each of them is in memory or kept. */
  async #gather(ranges: readonly BlobRange[], held: HeldChunks, wait: Wait): Promise<void> {
    const { patience, grace } = wait;
    const isMissing = (chunk: number) => this.#flights.has(chunk) || !this.#isChunkHere(chunk);
    let missing = held.chunks.filter(isMissing);
    if (!wait.isCounted) {
      this.#counters.hits += held.chunks.length - missing.length;
      counters.add(Count.chunkHits, held.chunks.length - missing.length);
      counters.add(Count.chunkMisses, missing.length);
    }
    wait.isCounted = true;
    for (; missing.length > 0; missing = held.chunks.filter(isMissing)) {
      patience.start(this.#deadline, () => this.#tooLate(ranges));
      await this.#fetch(missing, held, patience.signal, grace);
      const left = held.chunks.filter(isMissing).length;
      if (left > 0) await grace.wait(left, patience.signal);
    }
  }

  get #longest(): number {
    return Math.max(1, this.#chunks(this.#options.longestFetch ?? 4 * MIB));
  }

  #chunks(bytes: number): number {
    return Math.floor(bytes / this.chunkSize);
  }

  /**
   * Waits for the chunks on their way, and starts requests for the others: not for those that another process is fetching, unless
   * its grace is over.
   */
  async #fetch(
    missing: readonly number[],
    held: HeldChunks | undefined,
    signal: AbortSignal | undefined,
    grace: Grace,
  ): Promise<void> {
    const flights: Flight[] = [];
    const wanted: number[] = [];
    try {
      for (const chunk of missing) {
        const flight = this.#flights.join(chunk);
        if (flight === undefined) wanted.push(chunk);
        else flights.push(flight);
      }
      if (wanted.length > 0 && !this.#otherSide.mayBeAsked) throw this.#otherSide.offline();
      const limits = { gap: this.#chunks(this.#options.mergeGap ?? MIB / 8), longest: this.#longest };
      const mayFetch = (chunk: number) => !this.#isChunkHere(chunk) && !this.#flights.has(chunk);
      for (const run of coalesce(wanted, limits, mayFetch)) {
        flights.push(...this.#flights.start(run, grace.isOver));
      }
      if (!grace.hasBegun) {
        this.#reads.take(this.#readAhead);
        for (const { first, end } of coalesce(missing, WHOLE_RUNS, NEVER)) this.#readAhead(first, end);
      }
      const arriving = flights.map(async ({ chunk, arrived }) => {
        const place = await arrived;
        held?.add(chunk, place.hold());
      });
      await unlessAborted(Promise.all(arriving), signal);
    } finally {
      for (const flight of flights) this.#flights.leave(flight);
    }
  }

  readonly #readAhead = (first: number, end: number): void => {
    const ahead = this.#readahead.observe(first, end);
    if (ahead === undefined || !this.#otherSide.mayBeAsked) return;
    const count = Math.ceil(this.size / this.chunkSize);
    const within: ChunkRun = { first: ahead.first, end: Math.min(count, ahead.end) };
    this.#ahead.readahead(within);
    this.#following ??= this.#follow();
  };

  /** From when something is first fetched ahead, every note of a read is looked at. */
  async #follow(): Promise<void> {
    while (!this.#closed) {
      await this.#reads.more();
      this.#reads.take(this.#readAhead);
    }
  }

  #keep(chunk: number, place: Place): void {
    this.#counters.chunksFetched++;
    this.#recent.set(chunk, place);
    this.#store.put(chunk, place.bytes, this.#recent.lent(place));
  }

  #isChunkHere(chunk: number): boolean {
    if (this.#arrived.has(chunk)) return true;
    return this.#store.has(chunk * this.chunkSize, chunkLength(this, chunk));
  }

  /** Fills dst from chunks that are in memory or are kept; false where one is neither. */
  #assemble(dst: Uint8Array, offset: number): boolean {
    for (let filled = 0; filled < dst.length; ) {
      const position = offset + filled;
      const chunk = Math.floor(position / this.chunkSize);
      const skip = position - chunk * this.chunkSize;
      const count = Math.min(dst.length - filled, this.chunkSize - skip);
      const part = dst.subarray(filled, filled + count);
      if (!this.#arrived.copy(part, chunk, skip) && !this.#store.readSync(part, position)) return false;
      filled += count;
    }
    return true;
  }

  #requestEnded(failure: unknown): void {
    if (failure !== undefined) this.#lastFailure = failure;
    if (this.#closed) return;
    this.#ahead.next();
    if (this.#flights.running === 0) void this.#settle();
  }

  /** Nothing is on its way: what has arrived becomes durable, and where that is all, the other side is let go. */
  async #settle(): Promise<void> {
    await this.#store.flush();
    const isIdle = !this.#closed && this.#flights.running === 0 && this.#otherSide.remote !== undefined;
    if (!isIdle || this.#options.staysOpen === true || !this.#store.has(0, this.size)) return;
    this.#otherSide.letGo();
    this.#options.completed?.();
  }

  #tooLate(ranges: readonly BlobRange[]): RemoteError {
    const { offset, length } = ranges[0]!;
    const last = this.#lastFailure;
    const reason = last === undefined ? '' : `; the last failure was: ${(last as Error).message ?? last}`;
    return new RemoteError(
      'unreachable',
      `${this.name}: ${length} bytes from byte ${offset} on did not come within ${this.#deadline / 1000} s${reason}`,
      { cause: last },
    );
  }
}

const NEVER = () => false;
const WHOLE_RUNS = { gap: 0, longest: Number.POSITIVE_INFINITY };
