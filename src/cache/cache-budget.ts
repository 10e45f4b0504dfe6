/**
 * The bytes of disk that all blobs together may take.
 *
 * Nobody counts for all processes: what the files take is asked of the file system, again after each 64 MiB kept here. So
 * processes that fill the cache at the same time exceed the budget by 64 MiB each, one alone does not.
 */
import { roomOfAll } from './cache-blobs.js';
import { makeRoom } from './chunk-eviction.js';

const COUNT_AGAIN = 64 * 2 ** 20;
/** The part of the budget that is kept free, so that eviction goes on beside the writing; twice that is made free at a time. */
const RESERVE = 16;

export class CacheBudget {
  readonly #blobs: string;
  readonly #limit: number;
  readonly #report: (problem: unknown) => void;
  /** bytes that may still be taken, as far as is known */
  #room = 0;
  #untilCount = 0;
  #making: Promise<void> | undefined;
  /** bytes refused since eviction found too little to evict: everything else is pinned */
  #refused = 0;
  #isExhausted = false;
  /** room was asked for since it was made last */
  #isTaken = false;

  /** `blobs` is the folder of the kept blobs. */
  constructor(blobs: string, limit: number, report: (problem: unknown) => void) {
    this.#blobs = blobs;
    this.#limit = limit;
    this.#report = report;
  }

  /** Whether that many bytes may be written now. Throws the system's error. */
  take(bytes: number): boolean {
    this.#isTaken = true;
    this.#untilCount -= bytes;
    if (this.#untilCount < 0) this.#count();
    if (this.#room - bytes < this.#reserve && this.#mayMakeRoom) this.#making = this.#makeRoom();
    if (this.#room < bytes) {
      this.#refused += bytes;
      return false;
    }
    this.#room -= bytes;
    return true;
  }

  /** Settles when the budget is kept and room for more was made, where anything was written since. */
  async settled(): Promise<void> {
    await this.#making;
    if (!this.#isTaken || this.#room >= this.#reserve) return;
    this.#making ??= this.#makeRoom();
    await this.#making;
  }

  get #reserve(): number {
    return this.#limit / RESERVE;
  }

  get #mayMakeRoom(): boolean {
    return this.#making === undefined && (!this.#isExhausted || this.#refused > this.#reserve);
  }

  async #makeRoom(): Promise<void> {
    this.#refused = 0;
    this.#isTaken = false;
    this.#isExhausted = true;
    try {
      this.#count();
      await makeRoom(this.#blobs, 2 * this.#reserve - this.#room);
      this.#count();
      this.#isExhausted = this.#room < this.#reserve;
    } catch (error) {
      this.#report(error);
    } finally {
      this.#making = undefined;
    }
  }

  #count(): void {
    this.#untilCount = COUNT_AGAIN;
    this.#room = this.#limit - roomOfAll(this.#blobs);
  }
}
