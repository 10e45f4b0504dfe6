/**
 * A chunk store over the files of its blob.
 *
 * LAW: nothing that a disk does ends a read or a mount. What cannot be read is not here, what cannot be kept is not kept,
 * and the first problem is reported.
 */
import { join } from 'node:path';
import { CacheBudget } from './cache-budget.js';
import { blobsFolder, CacheError, findCacheDirectory, openCacheDirectory } from './cache-directory.js';
import { ChunkClaims } from './chunk-claims.js';
import { type BlobFiles, openBlobFiles } from './chunk-files.js';
import { ChunkGroup } from './chunk-group.js';
import { type BlobIdentity, blobKey, isSameRecord } from './chunk-index.js';
import { pinChunk, unpinChunk } from './chunk-pins.js';
import { ChunkReader } from './chunk-reader.js';
import { ChunkRecords } from './chunk-records.js';
import type { ChunkStore, ChunkStoreOptions, LentBytes } from './chunk-store.js';
import { WrittenChunks, writtenMemory } from './written-chunks.js';

/** Milliseconds between two looks whether the files are there now, or have been removed. */
const LOOK_TIME = 1000;
/** Milliseconds for which nothing is kept after a problem. */
const PAUSE = 60_000;

/** The user may not write there, and perhaps read. */
const READ_ONLY = new Set(['EACCES', 'EPERM', 'EROFS']);

/** The open files and what works on them. */
class OpenBlob {
  readonly files: BlobFiles;
  readonly records: ChunkRecords;
  readonly reader: ChunkReader;
  readonly claims: ChunkClaims;
  readonly group: ChunkGroup;
  #areNamesDurable = false;
  #isClosed = false;

  constructor(files: BlobFiles, written: SharedArrayBuffer | undefined, report: (problem: unknown) => void) {
    const { layout, header } = files;
    this.files = files;
    this.records = new ChunkRecords(files, written && new WrittenChunks(layout, header.generation, written));
    this.reader = new ChunkReader(files, this.records);
    this.claims = new ChunkClaims(files.data);
    this.group = new ChunkGroup(files, this.records, this.claims, report);
  }

  /** Rejects with the system's error. */
  async flush(): Promise<void> {
    await this.group.flush();
    if (this.#areNamesDurable || this.#isClosed || !this.files.isWritable || this.files.isRemoved) return;
    this.#areNamesDurable = true;
    await this.files.syncFolders();
  }

  close(): void {
    this.#isClosed = true;
    void this.group.close().then(() => {
      this.claims.end();
      this.files.close();
    });
  }
}

export class DiskChunkStore implements ChunkStore {
  readonly chunkSize: number;
  readonly #directory: string;
  readonly #blob: BlobIdentity;
  readonly #folder: string;
  readonly #options: ChunkStoreOptions;
  readonly #budget: CacheBudget;
  readonly #fail = (problem: unknown) => this.#failed(problem);
  #opened: OpenBlob | undefined;
  /** shared with other threads, or to be */
  #written: SharedArrayBuffer | undefined;
  /** on the clock of performance.now() */
  #nextLook = 0;
  #pausedUntil = 0;
  /** whether the last chunk found its place: who keeps nothing claims nothing */
  #isKeeping = true;
  #isReported = false;
  #isOver = false;

  constructor(directory: string, blob: BlobIdentity, options: ChunkStoreOptions) {
    this.#directory = directory;
    this.#blob = blob;
    this.#options = options;
    const blobs = blobsFolder(directory);
    this.#folder = join(blobs, blobKey(blob.id));
    this.#budget = new CacheBudget(blobs, options.budget, this.#fail);
    // to another process it went as text
    if (blob.shared?.written instanceof SharedArrayBuffer) this.#written = blob.shared.written;
    this.#look();
    this.chunkSize = this.#opened?.files.header.chunkSize ?? options.chunkSize;
  }

  get written(): SharedArrayBuffer | undefined {
    return this.#written;
  }

  has(offset: number, length: number): boolean {
    const opened = this.#opened;
    try {
      if (opened !== undefined && hasAll(opened, offset, length)) return true;
    } catch (error) {
      this.#failed(error);
    }
    this.#look();
    return false;
  }

  readSync(dst: Uint8Array, offset: number): boolean {
    try {
      if (this.#opened?.reader.read(dst, offset) === true) return true;
    } catch (error) {
      this.#failed(error);
    }
    this.#look();
    return false;
  }

  put(chunk: number, bytes: Uint8Array, lent?: LentBytes): void {
    this.#checkChunk(chunk, bytes);
    const opened = this.#opened;
    this.#isKeeping = false;
    if (opened === undefined) {
      this.#look();
      return;
    }
    if (opened.files.isWritable && performance.now() >= this.#pausedUntil) {
      try {
        this.#isKeeping = this.#keep(opened, chunk, bytes, lent);
      } catch (error) {
        this.#failed(error);
      }
    }
    if (opened.group.seal(chunk) === 0) opened.claims.release(chunk);
  }

  claim(first: number, end: number): number[] {
    const chunks = Array.from({ length: end - first }, (_, i) => first + i);
    const opened = this.#opened;
    if (opened === undefined) return chunks;
    const isKeeping = this.#isKeeping && opened.files.isWritable && performance.now() >= this.#pausedUntil;
    const claimed = isKeeping ? opened.claims.take(first, end) : chunks;
    try {
      // a claim that is free now may have ended with a record
      const absent = opened.records.absent(claimed);
      if (absent.length < claimed.length) {
        for (const chunk of claimed) if (opened.records.seal(chunk) !== 0) opened.claims.release(chunk);
      }
      return absent;
    } catch (error) {
      this.#failed(error);
      return claimed;
    }
  }

  release(chunk: number): void {
    this.#opened?.claims.release(chunk);
  }

  isClaimed(chunk: number): boolean {
    return this.#opened?.claims.isTaken(chunk) === true;
  }

  doubt(chunk: number): void {
    const opened = this.#opened;
    try {
      opened?.records.doubt(chunk, opened.group.seal(chunk));
    } catch (error) {
      this.#failed(error);
    }
  }

  async kept(): Promise<number> {
    const opened = this.#opened;
    try {
      return (await opened?.records.bytes(() => this.#opened !== opened)) ?? 0;
    } catch (error) {
      // of a store that was closed meanwhile nobody expects anything
      if (!this.#isOver) this.#failed(error);
      return 0;
    }
  }

  async flush(): Promise<void> {
    const opened = this.#opened;
    try {
      await opened?.flush();
      if (!this.#isOver && opened?.files.isRemoved === true) this.#nextLook = 0;
    } catch (error) {
      // of a store that was closed meanwhile nobody expects anything
      if (!this.#isOver) this.#failed(error);
    }
    this.#look();
    await this.#budget.settled();
  }

  pin(chunk: number): void {
    pinChunk(this.#folder, chunk);
  }

  unpin(chunk: number): void {
    unpinChunk(this.#folder, chunk);
  }

  close(): void {
    this.#isOver = true;
    this.#opened?.close();
    this.#opened = undefined;
  }

  /** False where the budget has no room for it. */
  #keep(opened: OpenBlob, chunk: number, bytes: Uint8Array, lent: LentBytes | undefined): boolean {
    const { files, records, claims, group } = opened;
    const record = records.recordOf(chunk, bytes);
    // a claim is made for what is not here, and keeps others from bringing it
    const isKept = !claims.holds(chunk) && records.hasNow(chunk);
    if (isKept && isSameRecord(records.record(chunk), record)) return true;
    if (group.has(chunk, record)) return true;
    if (!this.#budget.take(bytes.length)) return false;
    // before its bytes, so that what a crash leaves without a record is known to be young
    records.use(files.layout.regionOf(chunk));
    if (isKept) records.clear(chunk);
    group.add(chunk, record, bytes, lent);
    return true;
  }

  #checkChunk(chunk: number, bytes: Uint8Array): void {
    const expected = Math.min(this.chunkSize, this.#blob.size - chunk * this.chunkSize);
    if (bytes.length === expected && expected > 0 && chunk >= 0) return;
    throw new RangeError(
      `chunk ${chunk} of ${this.#blob.name} has ${Math.max(0, expected)} bytes, ${bytes.length} were given`,
    );
  }

  /** Opens the files where they are not open, or not the blob's any more; not more often than once a second. */
  #look(): void {
    const now = performance.now();
    if (this.#isOver || now < this.#nextLook) return;
    this.#nextLook = now + LOOK_TIME;
    try {
      if (this.#opened?.files.isRemoved === false) return;
      this.#opened?.close();
      this.#opened = undefined;
      if (now >= this.#pausedUntil) this.#opened = this.#open();
    } catch (error) {
      // what is unsafe is not asked again
      if (error instanceof CacheError) this.#isOver = true;
      this.#failed(error);
    }
  }

  #open(): OpenBlob | undefined {
    const files = this.#openFiles();
    if (files === undefined) return undefined;
    // whoever reads the blob knows its chunks from the start: others do not serve (undefined: this is the start)
    if (this.chunkSize !== undefined && files.header.chunkSize !== this.chunkSize) {
      files.close();
      return undefined;
    }
    if (files.isWritable) this.#written ??= writtenMemory(files.layout);
    return new OpenBlob(files, this.#written, this.#fail);
  }

  #openFiles(): BlobFiles | undefined {
    const { chunkSize, readOnly = false } = this.#options;
    if (!readOnly) {
      try {
        return openBlobFiles(openCacheDirectory(this.#directory), this.#blob, chunkSize, false);
      } catch (error) {
        if (!READ_ONLY.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
        this.#failed(error);
      }
    }
    const blobs = findCacheDirectory(this.#directory);
    return blobs === undefined ? undefined : openBlobFiles(blobs, this.#blob, chunkSize, true);
  }

  #failed(problem: unknown): void {
    this.#pausedUntil = performance.now() + PAUSE;
    if (this.#isReported) return;
    this.#isReported = true;
    this.#options.report?.(problem instanceof CacheError ? problem : this.#describe(problem));
  }

  #describe(cause: unknown): CacheError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${this.#blob.name} is read without being kept: the cache directory ${this.#directory}: ${reason}; make room or repair it, or name another with --cache-dir`;
    return new CacheError('cache-failing', message, { cause });
  }
}

function hasAll({ files, records }: OpenBlob, offset: number, length: number): boolean {
  const { chunkSize, size } = files.layout;
  const end = Math.min(size, offset + length);
  for (let chunk = Math.floor(offset / chunkSize); chunk * chunkSize < end; chunk++) {
    if (!records.has(chunk)) return false;
  }
  return true;
}
