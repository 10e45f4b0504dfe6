/**
 * What is fetched before anybody needs it: in order, a few requests at a time, each short enough to make room soon.
 *
 * LAW: readahead of those who read now goes before prefetching; prefetching starts nothing while somebody waits. Nobody is
 * told of failures: whoever needs the bytes asks for them again.
 */
import type { ChunkRun } from './coalesce.js';
import { coalesce } from './coalesce.js';
import type { Flights } from './flights.js';
import { allSettled } from './settled.js';

export interface AheadOptions {
  /** chunks of one request */
  readonly longest: number;
  /** requests at a time; their answers overlap, so that no round trip is spent waiting between two */
  readonly parallel: number;
  isMissing(chunk: number): boolean;
}

interface Piece extends ChunkRun {
  readonly yields: boolean;
  /** settles the prefetching that it is a part of */
  readonly done?: (error?: unknown) => void;
}

export class AheadQueue {
  readonly #flights: Flights;
  readonly #options: AheadOptions;
  readonly #urgent: Piece[] = [];
  readonly #idle: Piece[] = [];
  #running = 0;

  constructor(flights: Flights, options: AheadOptions) {
    this.#flights = flights;
    this.#options = options;
  }

  readahead({ first, end }: ChunkRun): void {
    for (let at = first; at < end; at += this.#options.longest) {
      this.#urgent.push({ first: at, end: Math.min(end, at + this.#options.longest), yields: false });
    }
    this.next();
  }

  /** Settles when all of it has been tried; rejects with the first failure, or the signal's reason. */
  async prefetch({ first, end }: ChunkRun, signal?: AbortSignal): Promise<void> {
    for (let at = first; at < end; at += this.#options.longest) {
      signal?.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const done = (error?: unknown) => (error === undefined ? resolve() : reject(error));
        this.#idle.push({ first: at, end: Math.min(end, at + this.#options.longest), yields: true, done });
        this.next();
      });
    }
  }

  /** Starts what may start: to be called whenever a request has ended. */
  next(): void {
    while (this.#running < this.#options.parallel) {
      const piece = this.#urgent.shift() ?? (this.#flights.isHurried ? undefined : this.#idle.shift());
      if (piece === undefined) return;
      this.#running++;
      this.#fetch(piece).then(
        () => piece.done?.(),
        (error) => piece.done?.(error),
      );
    }
  }

  clear(reason: Error): void {
    this.#urgent.length = 0;
    for (const { done } of this.#idle.splice(0)) done?.(reason);
  }

  async #fetch({ first, end }: Piece): Promise<void> {
    const wanted: number[] = [];
    const mayFetch = (chunk: number) => this.#options.isMissing(chunk) && !this.#flights.has(chunk);
    for (let chunk = first; chunk < end; chunk++) if (mayFetch(chunk)) wanted.push(chunk);
    const limits = { gap: 0, longest: this.#options.longest };
    try {
      await allSettled(coalesce(wanted, limits, mayFetch).map((run) => this.#flights.ahead(run)));
    } finally {
      this.#running--;
      queueMicrotask(() => this.next());
    }
  }
}
