/** Chunks of a blob that stay on disk, shared by any number of threads, mounts and processes. */
import { type BlobIdentity, isChunkSize } from './chunk-index.js';
import { DiskChunkStore } from './chunk-store-disk.js';

export type { BlobIdentity } from './chunk-index.js';

export interface ChunkStore {
  /** bytes, a power of two, the same for everybody who opens the store of one blob */
  readonly chunkSize: number;
  /** for other stores of the blob in this process: see SharedBlob */
  readonly written?: SharedArrayBuffer | undefined;
  /** Whether all chunks of a range of bytes are here. No system call where they were before. */
  has(offset: number, length: number): boolean;
  /** Fills dst from chunks whose checksums are right; false, with dst undefined, where one is not here, or damaged: it is absent then. */
  readSync(dst: Uint8Array, offset: number): boolean;
  /**
   * Keeps a whole chunk, the last one as long as the blob has it: visible to all once it is durable, a moment later. One that
   * is kept with other bytes is replaced. Its claim ends once it is recorded, or not kept. A disk that fails or is full keeps nothing; it is reported once, not thrown.
   * Throws RangeError for bytes that are no chunk. `lent`: the bytes stay as they are while it is held, so that they may be
   * written later.
   */
  put(chunk: number, bytes: Uint8Array, lent?: LentBytes): void;
  /**
   * Claims those of the chunks first .. end that are not here and that no other store of the blob has claimed, in this process or
   * another, and returns them ascending: their bytes are to be put, or the claims released. Where nothing is kept, or claims
   * cannot be made, all that are not here. A claim ends with its holder.
   */
  claim(first: number, end: number): number[];
  /** Ends the claim of a chunk that is not going to be put. */
  release(chunk: number): void;
  /** Whether another store of the blob has claimed the chunk. */
  isClaimed(chunk: number): boolean;
  /** The bytes of a chunk were proven wrong: for this store it is not here until other bytes are kept, by whomever. */
  doubt(chunk: number): void;
  /** Bytes that are here, as it stands now; other work goes on meanwhile. Never rejects. */
  kept(): Promise<number>;
  /** Settles when everything that was put is durable and the budget is kept. Never rejects. */
  flush(): Promise<void>;
  /** Not evicted from this thread until unpin() was called as often. */
  pin(chunk: number): void;
  unpin(chunk: number): void;
  /** Keeps what was put before. */
  close(): void;
}

/** What holds the memory of bytes that are lent. */
export interface LentBytes {
  hold(): unknown;
  release(): void;
}

export interface ChunkStoreOptions {
  /** bytes, a power of two from 4 KiB to 4 MiB; a store that is there already has its own */
  readonly chunkSize: number;
  /** bytes of disk that all blobs of the directory may take */
  readonly budget: number;
  /** serve what is kept, make and keep nothing */
  readonly readOnly?: boolean;
  /** gets the first problem of the disk, which is also the last that is reported */
  readonly report?: ((problem: Error) => void) | undefined;
}

/**
 * The store of one blob under a cache directory. Where that cannot be used, which is reported, a store that keeps nothing.
 * Throws RangeError for a chunk size that is none.
 */
export function openChunkStore(
  directory: string,
  blob: BlobIdentity,
  options: ChunkStoreOptions,
): ChunkStore {
  if (!isChunkSize(options.chunkSize)) {
    throw new RangeError(
      `chunks of ${options.chunkSize} bytes: expected a power of two from 4096 to 4194304`,
    );
  }
  return new DiskChunkStore(directory, blob, options);
}
