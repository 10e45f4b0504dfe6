/**
 * A blob behind a network as a Source: what was fetched once is kept, and only the rest is fetched.
 *
 * Without a remote blob it answers from what is kept alone: in the threads that cannot wait, and where the network may not
 * be used. What has arrived is also in memory for a while, so that a store that keeps nothing costs no byte twice in a row.
 */
import { ErofsError } from '../erofs-reader/errors.js';
import { type RemoteBlob, RemoteError } from '../remote/remote-blob.js';
import { Patience, unlessAborted } from './abort.js';
import { AheadQueue } from './ahead-queue.js';
import { type ChunkAssembly, chunkLength } from './chunk-assembly.js';
import type { ChunkStore } from './chunk-store.js';
import { type ChunkRun, coalesce } from './coalesce.js';
import { type Flight, Flights } from './flights.js';
import { byteMemory, type Memory } from './lru.js';
import { Readahead } from './readahead.js';
import type { BlobRange, Source } from './source.js';

export interface LazyBlob {
  /** as RemoteBlob says: what was opened before must be the same one */
  readonly id: string;
  readonly name: string;
  /** bytes */
  readonly size: number;
}

/** The way to the other side. */
export interface Connection {
  /** where it is open already */
  readonly blob?: RemoteBlob | undefined;
  /** Opens it again after everything had been here, or for the first time. */
  connect?(): Promise<RemoteBlob>;
}

export interface LazyOptions {
  /** absent: nothing is fetched, and what is not kept is RemoteError 'offline' */
  readonly connection?: Connection | undefined;
  /** bytes that nobody wants and that are fetched all the same rather than made two requests; 128 KiB */
  readonly mergeGap?: number | undefined;
  /** bytes of one request at most; 4 MiB */
  readonly longestFetch?: number | undefined;
  /** bytes fetched ahead of who reads in sequence at most, 0 for none; 16 MiB */
  readonly readahead?: number | undefined;
  /** requests ahead of need at a time; 2 */
  readonly parallelAhead?: number | undefined;
  /** milliseconds that one read may take; 60 s */
  readonly deadline?: number | undefined;
  /** bytes that stay in memory after they arrived; 32 MiB */
  readonly memory?: number | undefined;
  /** told of every range that is read, also where it is read from what is kept */
  readonly observed?: ((offset: number, length: number) => void) | undefined;
  /** called once, when every byte is kept and the other side has been let go */
  readonly completed?: (() => void) | undefined;
}

/** What it did so far. */
export interface LazyCounters {
  chunksFetched: number;
  bytesFetched: number;
  /** chunks that were wanted and were here */
  hits: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;
/** A kept chunk that turns out to be damaged is fetched again; so often within one read, and then the disk is to blame. */
const ROUNDS = 4;

export class LazySource implements Source {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly chunkSize: number;
  readonly #store: ChunkStore;
  readonly #options: LazyOptions;
  readonly #recent: Memory<Uint8Array>;
  readonly #flights: Flights;
  readonly #ahead: AheadQueue;
  readonly #readahead: Readahead;
  /** chunks whose kept bytes were proven wrong, until they come anew */
  readonly #discarded = new Set<number>();
  readonly #counters = { chunksFetched: 0, hits: 0 };
  #remote: RemoteBlob | undefined;
  #connecting: Promise<RemoteBlob> | undefined;
  #unasked: ChunkAssembly | undefined;
  #lastFailure: unknown;
  #closed = false;

  /** Takes over store and connection: closing it closes both. */
  constructor(blob: LazyBlob, store: ChunkStore, options: LazyOptions = {}) {
    this.id = blob.id;
    this.name = blob.name;
    this.size = blob.size;
    this.chunkSize = store.chunkSize;
    this.#store = store;
    this.#options = options;
    this.#remote = options.connection?.blob;
    this.#recent = byteMemory(options.memory ?? 32 * MIB);
    const isMissing = (chunk: number) => !this.#isChunkHere(chunk);
    this.#flights = new Flights({
      places: this,
      connect: () => this.#connect(),
      isMissing,
      keep: (chunk, bytes) => this.#keep(chunk, bytes),
      ended: (failure) => this.#requestEnded(failure),
    });
    this.#ahead = new AheadQueue(this.#flights, {
      longest: this.#longest,
      parallel: options.parallelAhead ?? 2,
      isMissing,
    });
    this.#readahead = new Readahead(this.#chunks(options.readahead ?? 16 * MIB));
  }

  get counters(): LazyCounters {
    return { ...this.#counters, bytesFetched: this.#flights.bytesFetched };
  }

  readSync(dst: Uint8Array, offset: number): boolean {
    this.#checkRange(offset, dst.length);
    this.#options.observed?.(offset, dst.length);
    const kept = this.#discarded.size === 0 && this.#store.readSync(dst, offset);
    const filled = kept || this.#assemble(dst, offset, NOTHING);
    if (filled)
      this.#counters.hits +=
        Math.ceil((offset + dst.length) / this.chunkSize) - Math.floor(offset / this.chunkSize);
    return filled;
  }

  isHere(offset: number, length: number): boolean {
    if (this.#discarded.size === 0 && this.#store.has(offset, length)) return true;
    const last = Math.ceil((offset + length) / this.chunkSize);
    for (let chunk = Math.floor(offset / this.chunkSize); chunk < last; chunk++) {
      if (!this.#isChunkHere(chunk)) return false;
    }
    return true;
  }

  /** The whole chunks that the range lies in. Whoever gave them in this session is asked last for them. */
  discard(offset: number, length: number): void {
    this.#remote?.blame?.({ offset, length });
    for (const chunk of this.#chunksOf([{ offset, length }])) {
      this.#recent.delete(chunk);
      this.#discarded.add(chunk);
    }
  }

  /**
   * Rejects with RemoteError as the other side does; 'offline' where it may not be asked, and 'unreachable' where it took longer
   * than the deadline.
   */
  async read(ranges: readonly BlobRange[], signal?: AbortSignal): Promise<Uint8Array[]> {
    signal?.throwIfAborted();
    for (const { offset, length } of ranges) {
      this.#checkRange(offset, length);
      this.#options.observed?.(offset, length);
    }
    const chunks = this.#chunksOf(ranges);
    for (const chunk of chunks) this.#store.pin(chunk);
    const patience = new Patience(signal);
    const landed = new Map<number, Uint8Array>();
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const missing = chunks.filter((chunk) => !landed.has(chunk) && !this.#isChunkHere(chunk));
        if (round === 0) this.#counters.hits += chunks.length - missing.length;
        if (missing.length > 0) {
          patience.start(this.#deadline, () => this.#tooLate(ranges));
          await this.#fetch(missing, landed, patience.signal);
        }
        const filled = ranges.map(({ length }) => new Uint8Array(length));
        if (filled.every((bytes, i) => this.#assemble(bytes, ranges[i]!.offset, landed))) return filled;
      }
    } finally {
      patience.end();
      for (const chunk of chunks) this.#store.unpin(chunk);
    }
    const message = `${this.name}: what was kept of it was damaged ${ROUNDS} times in a row; check the disk of the cache`;
    throw Object.assign(new Error(message), { code: 'io' });
  }

  /**
   * Fetches what is not here of a range, giving way to every read. Settles when all of it was fetched; rejects with the first
   * failure, or the signal's reason.
   */
  prefetch({ offset, length }: BlobRange, signal?: AbortSignal): Promise<void> {
    if (!this.#canFetch) return Promise.reject(this.#offline());
    const end = Math.ceil(Math.min(this.size, offset + length) / this.chunkSize);
    return this.#ahead.prefetch({ first: Math.floor(offset / this.chunkSize), end }, signal);
  }

  /** Bytes that came without being asked for here, in order: the answer that opened the blob. `bytes` are lent. */
  accept(at: number, bytes: Uint8Array): void {
    this.#unasked ??= this.#flights.assembly();
    this.#unasked.add(at, bytes);
  }

  /** Settles when what has arrived is durable: other threads and processes find it from then on. */
  flush(): Promise<void> {
    return this.#store.flush();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const reason = new RemoteError('unreachable', `${this.name} was closed while it was read`);
    this.#ahead.clear(reason);
    this.#flights.abort(reason);
    this.#letGo();
    this.#store.close();
  }

  get #deadline(): number {
    return this.#options.deadline ?? 60_000;
  }

  get #longest(): number {
    return Math.max(1, this.#chunks(this.#options.longestFetch ?? 4 * MIB));
  }

  get #canFetch(): boolean {
    return !this.#closed && this.#options.connection !== undefined;
  }

  #chunks(bytes: number): number {
    return Math.floor(bytes / this.chunkSize);
  }

  /** Waits for the chunks on their way, and starts requests for the others. */
  async #fetch(
    missing: readonly number[],
    landed: Map<number, Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    const flights: Flight[] = [];
    const wanted: number[] = [];
    try {
      for (const chunk of missing) {
        const flight = this.#flights.join(chunk);
        if (flight === undefined) wanted.push(chunk);
        else flights.push(flight);
      }
      if (wanted.length > 0 && !this.#canFetch) throw this.#offline();
      const limits = { gap: this.#chunks(this.#options.mergeGap ?? 128 * KIB), longest: this.#longest };
      const mayFetch = (chunk: number) => !this.#isChunkHere(chunk) && !this.#flights.has(chunk);
      for (const run of coalesce(wanted, limits, mayFetch)) flights.push(...this.#flights.start(run, false));
      this.#readAhead(missing);
      const arriving = flights.map(async ({ chunk, arrived }) => {
        landed.set(chunk, await arrived);
      });
      await unlessAborted(Promise.all(arriving), signal);
    } finally {
      for (const flight of flights) this.#flights.leave(flight);
    }
  }

  #readAhead(chunks: readonly number[]): void {
    const count = Math.ceil(this.size / this.chunkSize);
    for (const { first, end } of coalesce(chunks, { gap: 0, longest: count }, NEVER)) {
      const ahead = this.#readahead.observe(first, end);
      if (ahead === undefined || !this.#canFetch) continue;
      const within: ChunkRun = { first: ahead.first, end: Math.min(count, ahead.end) };
      this.#ahead.readahead(within);
    }
  }

  #keep(chunk: number, bytes: Uint8Array): void {
    this.#counters.chunksFetched++;
    this.#discarded.delete(chunk);
    this.#recent.set(chunk, bytes);
    this.#store.put(chunk, bytes);
  }

  #isChunkHere(chunk: number): boolean {
    if (this.#discarded.has(chunk)) return false;
    if (this.#recent.get(chunk) !== undefined) return true;
    return this.#store.has(chunk * this.chunkSize, chunkLength(this, chunk));
  }

  /** Fills dst from chunks that have landed, are in memory or are kept; false where one is none of these. */
  #assemble(dst: Uint8Array, offset: number, landed: ReadonlyMap<number, Uint8Array>): boolean {
    for (let filled = 0; filled < dst.length; ) {
      const position = offset + filled;
      const chunk = Math.floor(position / this.chunkSize);
      const skip = position - chunk * this.chunkSize;
      const count = Math.min(dst.length - filled, this.chunkSize - skip);
      const bytes = landed.get(chunk) ?? this.#recent.get(chunk);
      if (bytes !== undefined) dst.set(bytes.subarray(skip, skip + count), filled);
      else if (this.#discarded.has(chunk)) return false;
      else if (!this.#store.readSync(dst.subarray(filled, filled + count), position)) return false;
      filled += count;
    }
    return true;
  }

  /** Chunks that ranges lie in, ascending, each once. */
  #chunksOf(ranges: readonly BlobRange[]): number[] {
    const chunks = new Set<number>();
    for (const { offset, length } of ranges) {
      const end = Math.ceil((offset + length) / this.chunkSize);
      for (let chunk = Math.floor(offset / this.chunkSize); chunk < end; chunk++) chunks.add(chunk);
    }
    return [...chunks].sort((a, b) => a - b);
  }

  #connect(): Promise<RemoteBlob> {
    if (this.#remote !== undefined) return Promise.resolve(this.#remote);
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #open(): Promise<RemoteBlob> {
    const connect = this.#options.connection?.connect;
    if (connect === undefined) throw this.#offline();
    const remote = await connect();
    if (this.#closed || remote.id !== this.id || remote.size !== this.size) {
      await remote.close();
      if (this.#closed) throw new RemoteError('unreachable', `${this.name} was closed`);
      throw new RemoteError(
        'stale',
        `${this.name} is another blob than before: ${remote.id} of ${remote.size} bytes, it was ${this.id} of ${this.size}; mount it anew`,
      );
    }
    this.#remote = remote;
    return remote;
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
    const isIdle = !this.#closed && this.#flights.running === 0 && this.#remote !== undefined;
    if (!isIdle || this.#discarded.size > 0 || !this.#store.has(0, this.size)) return;
    this.#letGo();
    this.#options.completed?.();
  }

  #letGo(): void {
    // its end is nobody's concern any more
    this.#remote?.close().catch(() => {});
    this.#remote = undefined;
  }

  #offline(): RemoteError {
    return new RemoteError(
      'offline',
      `${this.name}: the bytes are not in the cache, and the network may not be used; mount it once without --offline, or pull it`,
    );
  }

  #tooLate(ranges: readonly BlobRange[]): RemoteError {
    const { offset, length } = ranges[0]!;
    const reason =
      this.#lastFailure === undefined ? '' : `; the last failure was: ${messageOf(this.#lastFailure)}`;
    return new RemoteError(
      'unreachable',
      `${this.name}: ${length} bytes from byte ${offset} on did not come within ${this.#deadline / 1000} s${reason}`,
      { cause: this.#lastFailure },
    );
  }

  #checkRange(offset: number, length: number): void {
    if (offset + length <= this.size) return;
    throw new ErofsError(
      'truncated',
      `${this.name} ends at byte ${this.size}, ${length} bytes were wanted from byte ${offset} on`,
      { offset },
    );
  }
}

const NOTHING: ReadonlyMap<number, Uint8Array> = new Map();
const NEVER = () => false;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
