/**
 * The digest of a whole blob that is fetched in parts: it can be checked when all of them are here, and not before.
 *
 * LAW: a wrong digest is never only told. What is kept goes, and from then on bytes are handed out when all of the blob has come
 * anew and is right, of another server where there is one; until then reads fail. What was found right is written down, and
 * forgotten before anything is fetched again.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { blobsFolder } from '../cache/cache-directory.js';
import { removeBlob } from '../cache/chunk-files.js';
import { blobKey } from '../cache/chunk-index.js';
import { openChunkStore } from '../cache/chunk-store.js';
import { forgetBlob, type KnownBlob, knownBlob, rememberBlob } from '../cache/known-blobs.js';
import { LazySource } from '../cache/lazy-source.js';
import type { BlobRange } from '../cache/source.js';
import type { Arrival, FetchOptions, RemoteBlob } from '../remote/remote-blob.js';
import { FileBlob } from './file-blob.js';
import { LayerError } from './layer-error.js';
import { piecesOfBlob } from './pieces.js';
import { unpack } from './unpack.js';

export interface WholeDigestRoom {
  readonly cacheDirectory: string;
  /** bytes */
  readonly chunkSize: number;
  /** bytes */
  readonly cacheSize: number;
  /** Opens the other side; `arrived` gets what nobody fetched. */
  open(arrived: Arrival): Promise<RemoteBlob>;
  readonly report: (problem: Error) => void;
}

/** Bytes that are hashed between two turns of everybody else: 1 to 3 ms. */
const SLICE = 1 << 20;
/** Milliseconds in which a blob that came wrong again is not fetched a third time. */
const REST = 30_000;

export class WholeDigest {
  readonly #known: KnownBlob;
  readonly #digest: string;
  readonly #room: WholeDigestRoom;
  /** in which what was found right is written down */
  readonly #record: string;
  #source: LazySource | undefined;
  /** the other side that gave the bytes, until these are known to be right: it is told who gave wrong ones */
  #remote: RemoteBlob | undefined;
  #opening: Promise<RemoteBlob> | undefined;
  /** all of it, come anew and found right */
  #anew: Promise<RemoteBlob> | undefined;
  #checking: Promise<void> | undefined;
  #isWrong = false;
  #failure: LayerError | undefined;
  /** on the clock of performance.now() */
  #restUntil = 0;
  #turn: NodeJS.Immediate | undefined;
  #isAwaited = false;
  #isStopped = false;
  readonly #accept: Arrival = (at, bytes) => {
    if (!this.#isWrong) this.#source?.accept(at, bytes);
  };

  constructor(known: KnownBlob, digest: string, room: WholeDigestRoom) {
    this.#known = known;
    this.#digest = digest;
    this.#room = room;
    this.#record = `${digest} of all of ${known.id}`;
  }

  /** For the connection of the source. */
  async connect(): Promise<RemoteBlob> {
    this.#forget();
    return new WatchedBlob(this.#known, {
      side: () => this.#side(),
      isRight: (side) => side !== this.#remote || (!this.#isWrong && this.#anew === undefined),
      blame: (range) => this.#remote?.blame?.(range),
      released: () => {
        if (this.#checking === undefined) this.#letGo();
      },
    });
  }

  /** To be called once; where all of it is here already, it is checked unless it was before. */
  watch(source: LazySource): void {
    this.#source = source;
    this.#checkKept();
  }

  /** For the source to say that all of it is here. */
  completed(): void {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
      this.#letGo();
    });
  }

  /** Settles when what is here has been checked, where all of it is; rejects with LayerError 'bad-digest'. */
  async settled(): Promise<void> {
    this.#isAwaited = true;
    this.#turn?.ref();
    // the source says that it is complete a moment after its last byte is durable
    this.#checkKept();
    await this.#checking;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The source is closed: whoever opens the blob next checks it. */
  stop(): void {
    this.#isStopped = true;
    this.#letGo();
  }

  #checkKept(): void {
    const isChecked = knownBlob(this.#room.cacheDirectory, this.#record) !== undefined;
    if (!isChecked && this.#source?.isHere(0, this.#known.size) === true) this.completed();
  }

  #forget(): void {
    try {
      forgetBlob(this.#room.cacheDirectory, this.#record);
    } catch {
      // who may not remove the record may not change what it is about either: nothing new is kept
    }
  }

  async #check(): Promise<void> {
    const found = await this.#digestOfKept();
    if (found === undefined || this.#isStopped) return;
    if (found === this.#digest) {
      const refusal = rememberBlob(this.#room.cacheDirectory, this.#record, this.#known);
      if (refusal !== undefined) this.#room.report(refusal);
      return;
    }
    this.#isWrong = true;
    this.#failure = this.#mismatch(found);
    this.#room.report(this.#failure);
    this.#remote?.blame?.({ offset: 0, length: this.#known.size });
    removeBlob(join(blobsFolder(this.#room.cacheDirectory), blobKey(this.#known.id)));
    this.#source?.discard(0, this.#known.size);
    // finds the files gone, and makes new ones
    await this.#source?.flush();
  }

  /** undefined where something is not here any more, or nobody is interested. */
  async #digestOfKept(): Promise<string | undefined> {
    const { cacheDirectory, chunkSize, cacheSize: budget } = this.#room;
    const store = openChunkStore(cacheDirectory, this.#known, { chunkSize, budget, readOnly: true });
    // one of its own, so that these reads count for nothing
    const kept = new LazySource(this.#known, store, { memory: 0 });
    const [algorithm = ''] = this.#digest.split(':', 1);
    const hash = createHash(algorithm);
    const room = new Uint8Array(Math.min(SLICE, this.#known.size));
    try {
      for (let offset = 0; offset < this.#known.size; offset += room.length) {
        const slice = room.subarray(0, this.#known.size - offset);
        if (this.#isStopped || !kept.readSync(slice, offset)) return undefined;
        hash.update(slice);
        await this.#giveWay();
      }
      return `${algorithm}:${hash.digest('hex')}`;
    } finally {
      kept.close();
    }
  }

  /** A command that has nothing else to do ends, unless somebody waits for this. */
  #giveWay(): Promise<void> {
    return new Promise((resolve) => {
      this.#turn = setImmediate(resolve);
      if (!this.#isAwaited) this.#turn.unref();
    });
  }

  /** Who is asked. Rejects as the other side does, and with LayerError 'bad-digest' while all that comes is wrong. */
  async #side(): Promise<RemoteBlob> {
    if (this.#isWrong) {
      this.#anew ??= this.#fetchAnew().catch((error) => {
        this.#anew = undefined;
        throw error;
      });
    }
    return this.#anew ?? this.#open();
  }

  /** Once, however many ask at the same time. */
  #open(): Promise<RemoteBlob> {
    this.#opening ??= this.#room.open(this.#accept).then(
      (remote) => {
        this.#remote = remote;
        return remote;
      },
      (error) => {
        this.#opening = undefined;
        throw error;
      },
    );
    return this.#opening;
  }

  async #fetchAnew(): Promise<RemoteBlob> {
    if (performance.now() < this.#restUntil) throw this.#failure;
    const { id, name, size, version } = this.#known;
    const remote = await this.#open();
    try {
      const packed = { name, compression: 'none', digest: this.#digest } as const;
      const room = { cacheDirectory: this.#room.cacheDirectory, limit: size };
      const whole = await unpack(piecesOfBlob(remote), packed, room);
      this.#isWrong = false;
      this.#failure = undefined;
      return new FileBlob(whole, { id, name, version });
    } catch (error) {
      remote.blame?.({ offset: 0, length: size });
      if (error instanceof LayerError) {
        this.#failure = error;
        this.#restUntil = performance.now() + REST;
      }
      throw error;
    }
  }

  /** Their end is nobody's concern any more; who gave wrong bytes is remembered until all is right. */
  #letGo(): void {
    this.#anew?.then((blob) => blob.close()).catch(() => {});
    this.#anew = undefined;
    if (this.#isWrong && !this.#isStopped) return;
    this.#opening?.then((remote) => remote.close()).catch(() => {});
    this.#opening = undefined;
    this.#remote = undefined;
  }

  #mismatch(found: string): LayerError {
    return new LayerError(
      'bad-digest',
      `${this.#known.name}: all of it is here and has the digest ${found}, it should have ${this.#digest}: somebody has changed it; what was kept is thrown away, and reads wait until it has come anew; unmount what was read before, and try another registry or mirror`,
    );
  }
}

interface Watcher {
  /** who is asked at this moment */
  side(): Promise<RemoteBlob>;
  /** whether what it gives may be handed on */
  isRight(side: RemoteBlob): boolean;
  blame(range: BlobRange): void;
  released(): void;
}

/** The other side as the source has it: it may be another one for each fetch. */
class WatchedBlob implements RemoteBlob {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly version: string;
  readonly #watcher: Watcher;

  constructor({ id, name, size, version }: KnownBlob, watcher: Watcher) {
    this.id = id;
    this.name = name;
    this.size = size;
    this.version = version;
    this.#watcher = watcher;
  }

  async fetch(range: BlobRange, arrived: Arrival, options?: FetchOptions): Promise<void> {
    const side = await this.#watcher.side();
    const take: Arrival = (at, bytes) => {
      if (this.#watcher.isRight(side)) arrived(at, bytes);
    };
    await side.fetch(range, take, options);
  }

  blame(range: BlobRange): void {
    this.#watcher.blame(range);
  }

  /** The source says in the same turn whether all is here: until that is checked, the other side is not let go. */
  async close(): Promise<void> {
    queueMicrotask(() => this.#watcher.released());
  }
}
