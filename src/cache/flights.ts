/**
 * Chunks on their way.
 *
 * LAW: one flight a chunk, however many wait for it; a request to the other side ends early exactly when nobody waits for
 * any of its chunks any more. What has arrived is kept at once, whatever becomes of the rest.
 */
import { type RemoteBlob, RemoteError } from '../remote/remote-blob.js';
import { ChunkAssembly, type ChunkPlaces } from './chunk-assembly.js';
import type { ChunkRun } from './coalesce.js';

/** One chunk on its way. */
export interface Flight {
  readonly chunk: number;
  readonly arrived: Promise<Uint8Array>;
}

/** One request for neighbouring chunks. */
class Run {
  readonly controller = new AbortController();
  readonly background: boolean;
  /** those of its chunks that have not arrived */
  readonly flights = new Map<number, RunFlight>();
  /** of all of its flights */
  waiting = 0;
  /** a background run that somebody has joined is one of the foreground */
  hurried = false;

  constructor(background: boolean) {
    this.background = background;
  }
}

class RunFlight implements Flight {
  readonly chunk: number;
  readonly run: Run;
  readonly arrived: Promise<Uint8Array>;
  land!: (bytes: Uint8Array) => void;
  fail!: (error: unknown) => void;

  constructor(chunk: number, run: Run) {
    this.chunk = chunk;
    this.run = run;
    this.arrived = new Promise((resolve, reject) => {
      this.land = resolve;
      this.fail = reject;
    });
    // it may fail when those who waited have gone
    this.arrived.catch(() => {});
  }
}

export interface FlightsOptions {
  readonly places: ChunkPlaces;
  /** the other side; asked for before each request */
  connect(): Promise<RemoteBlob>;
  /** whether a chunk that came unasked is of use */
  isMissing(chunk: number): boolean;
  /** gets each chunk that has arrived, before those who wait for it */
  keep(chunk: number, bytes: Uint8Array): void;
  /** a request has ended, with an error unless it succeeded or was no longer wanted */
  ended(error?: unknown): void;
}

export class Flights {
  readonly #options: FlightsOptions;
  readonly #flights = new Map<number, RunFlight>();
  readonly #runs = new Set<Run>();
  /** bytes that came from the other side */
  bytesFetched = 0;

  constructor(options: FlightsOptions) {
    this.#options = options;
  }

  has(chunk: number): boolean {
    return this.#flights.has(chunk);
  }

  /** Requests that are running. */
  get running(): number {
    return this.#runs.size;
  }

  /** Whether any request is running that somebody waits for. */
  get isHurried(): boolean {
    for (const run of this.#runs) if (!run.background || run.hurried) return true;
    return false;
  }

  /** The flight of a chunk that is on its way. Each join() is ended by one leave(). */
  join(chunk: number): Flight | undefined {
    const flight = this.#flights.get(chunk);
    if (flight === undefined) return undefined;
    flight.run.waiting++;
    flight.run.hurried = true;
    return flight;
  }

  /** Starts one request for chunks of which none is on its way, and joins them all. */
  start({ first, end }: ChunkRun, background: boolean): Flight[] {
    const run = new Run(background);
    const flights: RunFlight[] = [];
    for (let chunk = first; chunk < end; chunk++) {
      const flight = new RunFlight(chunk, run);
      run.flights.set(chunk, flight);
      this.#flights.set(chunk, flight);
      flights.push(flight);
    }
    run.waiting = flights.length;
    this.#runs.add(run);
    this.#fly(run, first, end);
    return flights;
  }

  leave(flight: Flight): void {
    const { run } = flight as RunFlight;
    run.waiting--;
    if (run.waiting > 0 || run.flights.size === 0) return;
    this.#drop(run, new Error('nobody waits for it any more'));
    run.controller.abort();
  }

  /** Takes the bytes of one answer, in order: that to a request, or one that was not asked for here. */
  assembly(run?: Run): ChunkAssembly {
    const { places, isMissing } = this.#options;
    return new ChunkAssembly(
      places,
      (chunk) => this.#flights.has(chunk) || isMissing(chunk),
      (chunk, bytes) => this.#land(chunk, bytes, run),
    );
  }

  /** Ends all of them; who waits gets `reason`. */
  abort(reason: Error): void {
    for (const run of this.#runs) {
      this.#drop(run, reason);
      run.controller.abort();
    }
  }

  async #fly(run: Run, first: number, end: number): Promise<void> {
    const { places, connect, ended } = this.#options;
    const { signal } = run.controller;
    const offset = first * places.chunkSize;
    const range = { offset, length: Math.min(end * places.chunkSize, places.size) - offset };
    const assembly = this.assembly(run);
    let failure: unknown;
    try {
      const blob = await connect();
      signal.throwIfAborted();
      await blob.fetch(
        range,
        (at, bytes) => {
          this.bytesFetched += bytes.length;
          assembly.add(at, bytes);
        },
        // looked at whenever a request is chosen: one that somebody has joined is no longer in the background
        {
          signal,
          get background() {
            return run.background && !run.hurried;
          },
        },
      );
      if (run.flights.size > 0) {
        throw new RemoteError(
          'protocol',
          `${blob.name}: bytes ${offset} to ${offset + range.length - 1} were asked for and did not all come; try again, or another server`,
        );
      }
    } catch (error) {
      if (!signal.aborted) failure = error;
      this.#drop(run, error);
    }
    this.#runs.delete(run);
    ended(failure);
  }

  #land(chunk: number, bytes: Uint8Array, by: Run | undefined): void {
    this.#options.keep(chunk, bytes);
    const flight = this.#flights.get(chunk);
    if (flight === undefined) return;
    this.#flights.delete(chunk);
    flight.run.flights.delete(chunk);
    flight.land(bytes);
    // an answer that was longer than asked for made another request superfluous
    if (flight.run !== by && flight.run.flights.size === 0) flight.run.controller.abort();
  }

  /** Who asks for its chunks from now on starts anew. */
  #drop(run: Run, error: unknown): void {
    for (const flight of run.flights.values()) {
      this.#flights.delete(flight.chunk);
      flight.fail(error);
    }
    run.flights.clear();
  }
}
