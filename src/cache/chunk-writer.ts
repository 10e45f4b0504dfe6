/**
 * Chunks on their way to the data file, written beside the thread that fetches: neighbours by one call, one call at a time, for calls
 * side by side only wait for each other in the kernel.
 *
 * LAW: what waits here is bounded. Where the disk is slower than the network, writing holds up who fetches.
 */
import { writeSync, writev } from 'node:fs';
import { promisify } from 'node:util';
import type { LentBytes } from './chunk-store.js';

export interface WaitingChunk {
  readonly chunk: number;
  readonly bytes: Uint8Array;
  /** held until it is written */
  readonly place: LentBytes;
}

export interface ChunkWriterOptions {
  /** of the data file */
  readonly descriptor: number;
  /** bytes */
  readonly chunkSize: number;
  /** all bytes of these are in the file */
  written(chunks: readonly WaitingChunk[]): void;
  /** these are not, or not whole */
  failed(chunks: readonly WaitingChunk[], problem: unknown): void;
}

/** Bytes that wait at most. */
const MOST_WAITING = 16 * 2 ** 20;
/** Bytes of one call. */
const LONGEST = 4 * 2 ** 20;

const writeVector = promisify(writev);

export class ChunkWriter {
  readonly #options: ChunkWriterOptions;
  readonly #waiting: WaitingChunk[] = [];
  #waitingBytes = 0;
  #writing: readonly WaitingChunk[] = [];
  #running: Promise<void> | undefined;

  constructor(options: ChunkWriterOptions) {
    this.#options = options;
  }

  /** False where too much waits already. */
  add(chunk: number, bytes: Uint8Array, place: LentBytes): boolean {
    if (this.#waitingBytes + bytes.length > MOST_WAITING) return false;
    place.hold();
    this.#waiting.push({ chunk, bytes, place });
    this.#waitingBytes += bytes.length;
    this.#running ??= this.#run();
    return true;
  }

  /** Settles when nothing waits any more. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Writes at once what waits, and again what is being written: settled() tells when that call has ended. Throws the system's error. */
  writeNow(): void {
    const left = [...this.#writing, ...this.#waiting];
    for (const { chunk, bytes } of left) this.write(chunk, bytes);
    this.#options.written(left);
    this.#drop(this.#waiting.splice(0));
  }

  write(chunk: number, bytes: Uint8Array, from = 0): void {
    const { descriptor, chunkSize } = this.#options;
    for (let done = from; done < bytes.length; ) {
      done += writeSync(descriptor, bytes, done, bytes.length - done, chunk * chunkSize + done);
    }
  }

  async #run(): Promise<void> {
    // what comes in the same turn is written together
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      this.#writing = this.#takeRun();
      try {
        await this.#write(this.#writing);
        this.#options.written(this.#writing);
      } catch (problem) {
        this.#options.failed(this.#writing, problem);
      }
      this.#drop(this.#writing);
      this.#writing = [];
    }
    this.#running = undefined;
  }

  /** The longest run of neighbours from the first that waits on. */
  #takeRun(): WaitingChunk[] {
    const most = Math.max(1, Math.floor(LONGEST / this.#options.chunkSize));
    const [{ chunk: first }] = this.#waiting as [WaitingChunk];
    const run: WaitingChunk[] = [];
    for (let i = 0; i < this.#waiting.length && run.length < most; ) {
      if (this.#waiting[i]!.chunk === first + run.length) run.push(...this.#waiting.splice(i, 1));
      else i++;
    }
    return run;
  }

  async #write(run: readonly WaitingChunk[]): Promise<void> {
    const { descriptor, chunkSize } = this.#options;
    const { bytesWritten } = await writeVector(
      descriptor,
      run.map(({ bytes }) => bytes),
      run[0]!.chunk * chunkSize,
    );
    // a disk that becomes full takes a part, and then says why
    for (const [i, { chunk, bytes }] of run.entries()) {
      const rest = Math.max(0, bytesWritten - i * chunkSize);
      if (rest < bytes.length) this.write(chunk, bytes, rest);
    }
  }

  #drop(chunks: readonly WaitingChunk[]): void {
    for (const { bytes, place } of chunks) {
      this.#waitingBytes -= bytes.length;
      place.release();
    }
  }
}
