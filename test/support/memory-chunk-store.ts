/** A chunk store in memory, shared by whoever has the same one; it may keep nothing, and be damaged. */
import type { ChunkStore } from '../../src/cache/chunk-store.js';

export class MemoryChunkStore implements ChunkStore {
  readonly chunkSize: number;
  readonly chunks = new Map<number, Uint8Array>();
  readonly pinned = new Map<number, number>();
  /** chunks that another store has claimed */
  readonly claimedElsewhere = new Set<number>();
  /** that this one has */
  readonly claimed = new Set<number>();
  /** chunks put so far, one that is put twice counted twice */
  puts = 0;
  flushes = 0;
  closed = false;
  /** like a disk that is full */
  keepsNothing = false;
  readonly #size: number;

  constructor(size: number, chunkSize: number) {
    this.#size = size;
    this.chunkSize = chunkSize;
  }

  has(offset: number, length: number): boolean {
    const end = Math.min(this.#size, offset + length);
    for (let chunk = Math.floor(offset / this.chunkSize); chunk * this.chunkSize < end; chunk++) {
      if (!this.chunks.has(chunk)) return false;
    }
    return true;
  }

  readSync(dst: Uint8Array, offset: number): boolean {
    if (!this.has(offset, dst.length)) return false;
    for (let filled = 0; filled < dst.length; ) {
      const chunk = Math.floor((offset + filled) / this.chunkSize);
      const skip = offset + filled - chunk * this.chunkSize;
      const piece = this.chunks.get(chunk)!.subarray(skip, skip + dst.length - filled);
      dst.set(piece, filled);
      filled += piece.length;
    }
    return true;
  }

  async kept(): Promise<number> {
    let kept = 0;
    for (const bytes of this.chunks.values()) kept += bytes.length;
    return kept;
  }

  put(chunk: number, bytes: Uint8Array): void {
    const expected = Math.min(this.chunkSize, this.#size - chunk * this.chunkSize);
    if (bytes.length !== expected)
      throw new Error(`chunk ${chunk} has ${expected} bytes, not ${bytes.length}`);
    this.puts++;
    this.claimed.delete(chunk);
    if (!this.keepsNothing) this.chunks.set(chunk, bytes.slice());
  }

  claim(first: number, end: number): number[] {
    const free: number[] = [];
    for (let chunk = first; chunk < end; chunk++) {
      if (this.claimedElsewhere.has(chunk) || this.chunks.has(chunk)) continue;
      free.push(chunk);
      this.claimed.add(chunk);
    }
    return free;
  }

  release(chunk: number): void {
    this.claimed.delete(chunk);
  }

  isClaimed(chunk: number): boolean {
    return this.claimedElsewhere.has(chunk);
  }

  doubt(chunk: number): void {
    this.chunks.delete(chunk);
  }

  async flush(): Promise<void> {
    this.flushes++;
  }

  pin(chunk: number): void {
    this.pinned.set(chunk, (this.pinned.get(chunk) ?? 0) + 1);
  }

  unpin(chunk: number): void {
    const left = this.pinned.get(chunk)! - 1;
    if (left === 0) this.pinned.delete(chunk);
    else this.pinned.set(chunk, left);
  }

  close(): void {
    this.closed = true;
  }
}
