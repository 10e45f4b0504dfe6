/**
 * Chunks of a stream on their way to the disk past the page cache, from where they lie in memory, many at once: writing 256 MiB so
 * took 35 ms of the system's time, and through the page cache 110 ms to 900, by whether its pages had to be found first. What was
 * streamed once is in the page cache of the mount anyway.
 *
 * LAW: memory is held until its bytes are in the file. Where the file system, or the memory, does not allow it, nothing is taken.
 */
import { closeSync, constants, fstatSync, openSync, writev } from 'node:fs';
import { promisify } from 'node:util';
import type { LentBytes } from './chunk-store.js';

/** Bytes that neighbours must have brought before a chunk counts as one of a stream. */
const STREAM = 256 * 1024;
/** Streams that are followed at a time. */
const STREAMS = 16;
/** Bytes that may be held: half of what an opened blob keeps in memory, unless it was told otherwise. */
const MOST_HELD = 16 * 2 ** 20;
/** Buffers of one write; the system takes 1024. */
const AT_ONCE = 256;

const writeAll = promisify(writev);

interface Lent {
  readonly bytes: Uint8Array;
  readonly holder: LentBytes;
}

type LentMap = ReadonlyMap<number, Lent>;

/** Throws the system's error. */
type Writer = (chunk: number, bytes: Uint8Array) => void;

const NONE: LentMap = new Map();

export class LentChunks {
  readonly #chunkSize: number;
  #descriptor: number | undefined;
  #waiting = new Map<number, Lent>();
  #writing = NONE;
  #heldBytes = 0;
  /** by the chunk that would come next, the bytes that came before it */
  readonly #streams = new Map<number, number>();

  /** `path` of the file that is open as `descriptor`. Throws nothing. */
  constructor(path: string, descriptor: number, chunkSize: number) {
    this.#chunkSize = chunkSize;
    this.#descriptor = openDirect(path, descriptor);
  }

  /** Whether the chunk was taken over, to be written with the next ones; each that comes is told, in order. */
  take(chunk: number, bytes: Uint8Array, holder: LentBytes | undefined): boolean {
    const before = this.#follow(chunk, bytes.length);
    if (this.#descriptor === undefined || holder === undefined || bytes.length < this.#chunkSize)
      return false;
    if (before < STREAM || this.#heldBytes + bytes.length > MOST_HELD) return false;
    this.drop(chunk);
    holder.hold();
    this.#heldBytes += bytes.length;
    this.#waiting.set(chunk, { bytes, holder });
    return true;
  }

  /** The chunk has other bytes now, which are written otherwise. */
  drop(chunk: number): void {
    const lent = this.#waiting.get(chunk);
    if (lent === undefined) return;
    this.#waiting.delete(chunk);
    this.#release(lent);
  }

  /**
   * Writes those that wait, and lets go of all of them when they are in the file, or not; `otherwise` writes what can't be written so.
   * Returns them. Rejects with the system's error. One call at a time.
   */
  async write(otherwise: Writer): Promise<Iterable<number>> {
    const lent = this.#waiting;
    this.#waiting = new Map();
    this.#writing = lent;
    try {
      for (const run of runsOf(lent)) await this.#writeRun(run, lent, otherwise);
    } finally {
      this.#writing = NONE;
      for (const each of lent.values()) this.#release(each);
    }
    return lent.keys();
  }

  /** Those that wait, and, as nobody waits for them to end, those that are being written. Throws the system's error. */
  writeNow(otherwise: Writer): void {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    try {
      for (const [chunk, { bytes }] of [...this.#writing, ...waiting]) otherwise(chunk, bytes);
    } finally {
      for (const each of waiting.values()) this.#release(each);
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  async #writeRun(chunks: readonly number[], lent: LentMap, otherwise: Writer): Promise<void> {
    const buffers = chunks.map((chunk) => lent.get(chunk)!.bytes);
    if (this.#descriptor !== undefined) {
      try {
        const { bytesWritten } = await writeAll(this.#descriptor, buffers, chunks[0]! * this.#chunkSize);
        if (bytesWritten === chunks.length * this.#chunkSize) return;
      } catch (error) {
        // the file system refuses only now, or wants another alignment
        if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
        this.close();
      }
    }
    chunks.forEach((chunk, i) => {
      otherwise(chunk, buffers[i]!);
    });
  }

  #release({ bytes, holder }: Lent): void {
    this.#heldBytes -= bytes.length;
    holder.release();
  }

  /** Returns the bytes that came just before the chunk, without a gap. */
  #follow(chunk: number, length: number): number {
    const before = this.#streams.get(chunk) ?? 0;
    this.#streams.delete(chunk);
    this.#streams.set(chunk + 1, before + length);
    if (this.#streams.size > STREAMS) {
      const [oldest] = this.#streams.keys();
      this.#streams.delete(oldest!);
    }
    return before;
  }
}

/** Neighbours, ascending, as many as one write takes. */
function* runsOf(lent: LentMap): Iterable<readonly number[]> {
  const chunks = [...lent.keys()].sort((a, b) => a - b);
  for (let first = 0, end = 1; end <= chunks.length; end++) {
    const isNeighbour = end < chunks.length && chunks[end] === chunks[end - 1]! + 1;
    if (isNeighbour && end - first < AT_ONCE) continue;
    yield chunks.slice(first, end);
    first = end;
  }
}

/** undefined where the system has no such thing, or `path` names another file by now. */
function openDirect(path: string, like: number): number | undefined {
  // not on every system, whatever the types say
  const direct = constants.O_DIRECT as number | undefined;
  if (direct === undefined) return undefined;
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW | direct);
  } catch {
    return undefined;
  }
  const [there, here] = [fstatSync(descriptor), fstatSync(like)];
  if (there.dev === here.dev && there.ino === here.ino) return descriptor;
  closeSync(descriptor);
  return undefined;
}
