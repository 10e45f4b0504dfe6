/**
 * Chunks that were written and are not yet durable, made so together: one fdatasync for all that came meanwhile.
 *
 * LAW: a record is written only after a sync of the data that began when all of its bytes were written. A claim is held until
 * then: who waits for it finds either the record, or that it has to fetch the chunk itself.
 */
import { fdatasync, fdatasyncSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ChunkClaims } from './chunk-claims.js';
import type { BlobFiles } from './chunk-files.js';
import { isSameRecord } from './chunk-index.js';
import type { ChunkRecords } from './chunk-records.js';
import type { LentBytes } from './chunk-store.js';
import { LentChunks } from './lent-chunks.js';

/** A sync takes 1.7 ms for 64 KiB, 2.4 ms for 4 MiB (SSD): so many bytes are waited for, or so many milliseconds. */
const GROUP_BYTES = 4 * 2 ** 20;
const GROUP_TIME = 20;

const syncData = promisify(fdatasync);

export class ChunkGroup {
  readonly #files: BlobFiles;
  readonly #records: ChunkRecords;
  readonly #claims: ChunkClaims;
  readonly #report: (problem: unknown) => void;
  readonly #lent: LentChunks;
  /** records by chunk: those that wait for a sync to begin, and those that it makes durable */
  #waiting = new Map<number, Uint32Array>();
  #syncing = new Map<number, Uint32Array>();
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isIndexDirty = false;
  #syncingIndex: Promise<void> | undefined;
  #isClosed = false;

  constructor(
    files: BlobFiles,
    records: ChunkRecords,
    claims: ChunkClaims,
    report: (problem: unknown) => void,
  ) {
    this.#files = files;
    this.#records = records;
    this.#claims = claims;
    this.#report = report;
    this.#lent = new LentChunks(join(files.folder, 'data'), files.data, files.layout.chunkSize);
  }

  /** Whether these very bytes were written and only wait. */
  has(chunk: number, record: Uint32Array): boolean {
    const written = this.#recordOf(chunk);
    return written !== undefined && isSameRecord(written, record);
  }

  /** That of the record of a chunk that was written and only waits; 0 for one that does not. */
  seal(chunk: number): number {
    return this.#recordOf(chunk)?.[0] ?? 0;
  }

  /** Writes the bytes of a chunk: at once, unless they are lent and part of a stream. Throws the system's error. */
  add(chunk: number, record: Uint32Array, bytes: Uint8Array, lent: LentBytes | undefined): void {
    if (!this.#lent.take(chunk, bytes, lent)) {
      this.#lent.drop(chunk);
      this.#write(chunk, bytes);
      this.#records.noteWritten(chunk, record);
    }
    this.#waiting.set(chunk, record);
    this.#waitingBytes += bytes.length;
    this.#schedule();
  }

  /** At once, as the bytes are still in the processor's cache: 0.1 s for 300 MB. Another thread, with more at a time, took 0.6 s. */
  readonly #write = (chunk: number, bytes: Uint8Array): void => {
    const { data, layout } = this.#files;
    const position = chunk * layout.chunkSize;
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(data, bytes, done, bytes.length - done, position + done);
    }
  };

  #recordOf(chunk: number): Uint32Array | undefined {
    return this.#waiting.get(chunk) ?? this.#syncing.get(chunk);
  }

  /** Settles when the chunks that were added, and their records, are durable, or were given up. */
  async flush(): Promise<void> {
    while (this.#running !== undefined || this.#waiting.size > 0) await (this.#running ?? this.#start());
    if (this.#isIndexDirty && !this.#isClosed) {
      this.#isIndexDirty = false;
      this.#syncingIndex = syncData(this.#files.index).finally(() => {
        this.#syncingIndex = undefined;
      });
    }
    await this.#syncingIndex;
  }

  /** Records at once what was added. The files may be closed when what it returns settles. */
  close(): Promise<unknown> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const left = new Map([...this.#syncing, ...this.#waiting]);
    this.#syncing = new Map();
    this.#waiting = new Map();
    try {
      this.#lent.writeNow(this.#write);
      if (left.size > 0) fdatasyncSync(this.#files.data);
      this.#records.write(left);
    } catch (error) {
      this.#report(error);
    }
    return Promise.allSettled([this.#running, this.#syncingIndex]).then(() => this.#lent.close());
  }

  #schedule(): void {
    if (this.#running !== undefined || this.#waiting.size === 0) return;
    if (this.#waitingBytes >= GROUP_BYTES) void this.#start();
    else this.#timer ??= setTimeout(() => void this.#start(), GROUP_TIME).unref();
  }

  #start(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#syncing = this.#waiting;
    this.#waiting = new Map();
    this.#waitingBytes = 0;
    this.#running = this.#sync().finally(() => {
      this.#syncing = new Map();
      this.#running = undefined;
      this.#schedule();
    });
    return this.#running;
  }

  #noteWritten(chunk: number): void {
    const record = this.#syncing.get(chunk);
    if (record !== undefined && !this.#waiting.has(chunk)) this.#records.noteWritten(chunk, record);
  }

  async #sync(): Promise<void> {
    try {
      const written = await this.#lent.write(this.#write);
      for (const chunk of written) this.#noteWritten(chunk);
      await syncData(this.#files.data);
      // a chunk that was written anew meanwhile has bytes that this sync may not have seen
      for (const chunk of this.#waiting.keys()) this.#syncing.delete(chunk);
      this.#records.write(this.#syncing);
      this.#isIndexDirty ||= this.#syncing.size > 0;
    } catch (error) {
      this.#report(error);
    }
    for (const chunk of this.#syncing.keys()) this.#records.forgetWritten(chunk);
    this.#claims.releaseAll(this.#syncing.keys());
  }
}
