/**
 * Chunks that one store of a blob is fetching, so that no other one does, in this process or another.
 *
 * A claim is an open file description lock of one byte of the data file, the one with the chunk's number; it bars nobody from
 * reading or writing. The kernel ends it with its holder, whatever ends that, so that nothing has to be cleaned up or to be
 * found out about who holds it, and needs no file of its own.
 *
 * LAW: claims are advice. Where they cannot be made (no koffi, not Linux, a file system that refuses) everybody fetches for
 * himself. Claiming a chunk and giving it back takes 5 µs, each of a run of 64 takes 2; nothing is asked for what is here.
 */
import { isLockedElsewhere, lockBytes, unlockBytes } from '../system/libc.js';

export class ChunkClaims {
  readonly #descriptor: number;
  readonly #held = new Set<number>();
  #isPossible = true;

  /** `descriptor` of the data file, open for writing; to be closed after end(). */
  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Claims those of the chunks first .. end that nobody else has claimed, and returns them. */
  take(first: number, end: number): number[] {
    const chunks = Array.from({ length: end - first }, (_, i) => first + i);
    const taken = this.#lock(first, end - first) ? chunks : chunks.filter((chunk) => this.#lock(chunk, 1));
    if (this.#isPossible) for (const chunk of taken) this.#held.add(chunk);
    return taken;
  }

  /** Whether this store has claimed the chunk. */
  holds(chunk: number): boolean {
    return this.#held.has(chunk);
  }

  /** Ends the claim of a chunk, where there is one. */
  release(chunk: number): void {
    if (!this.#held.delete(chunk)) return;
    this.#attempt(() => unlockBytes(this.#descriptor, chunk, 1));
  }

  /** The same for many: neighbours cost no more than one. */
  releaseAll(chunks: Iterable<number>): void {
    const held = [...chunks].filter((chunk) => this.#held.delete(chunk)).sort((a, b) => a - b);
    for (let first = 0, end = 1; end <= held.length; end++) {
      if (end < held.length && held[end] === held[end - 1]! + 1) continue;
      const [chunk, count] = [held[first]!, end - first];
      this.#attempt(() => unlockBytes(this.#descriptor, chunk, count));
      first = end;
    }
  }

  /** Whether somebody else has claimed the chunk. */
  isTaken(chunk: number): boolean {
    return this.#isPossible && this.#attempt(() => isLockedElsewhere(this.#descriptor, chunk, 1)) === true;
  }

  /** All claims end when the descriptor is closed, which it may be now. */
  end(): void {
    this.#isPossible = false;
    this.#held.clear();
  }

  #lock(chunk: number, count: number): boolean {
    if (!this.#isPossible) return true;
    return this.#attempt(() => lockBytes(this.#descriptor, chunk, count)) ?? true;
  }

  /** undefined where the system has no such locks, which is not asked again. */
  #attempt<T>(call: () => T): T | undefined {
    try {
      return call();
    } catch {
      // nothing is lost but the saving
      this.end();
      return undefined;
    }
  }
}
