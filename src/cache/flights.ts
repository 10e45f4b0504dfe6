/**
 * Chunks on their way.
 *
 * LAW: one flight a chunk, however many wait for it, and none for what another process has claimed; a request to the other side ends early exactly when nobody waits for
 * any of its chunks any more. What has arrived is kept at once, whatever becomes of the rest.
 */
import { type RemoteBlob, RemoteError } from '../remote/remote-blob.js';
import { Count, counters } from '../statistics/counters.js';
import { ChunkAssembly, type ChunkPlaces } from './chunk-assembly.js';
import { type ChunkRun, coalesce } from './coalesce.js';
import type { Place } from './recent-chunks.js';

/** One chunk on its way. */
export interface Flight {
  readonly chunk: number;
  /** in memory that is held until leave() */
  readonly arrived: Promise<Place>;
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
  readonly arrived: Promise<Place>;
  /** who has joined and not left */
  waiting = 0;
  place: Place | undefined;
  land!: (place: Place) => void;
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
  /** Claims those of the chunks first .. end that are not here and that nobody else is fetching; ascending. */
  claim(first: number, end: number): number[];
  /** a chunk that was claimed did not come */
  release(chunk: number): void;
  /** whether a chunk that came unasked is of use */
  isMissing(chunk: number): boolean;
  /** memory for a chunk of so many bytes, held */
  take(length: number): Place;
  /** gets each chunk that has arrived, before those who wait for it */
  keep(chunk: number, place: Place): void;
  /** a request has ended, with an error unless it succeeded or was no longer wanted */
  ended(error?: unknown): void;
}

export class Flights {
  readonly #options: FlightsOptions;
  readonly #flights = new Map<number, RunFlight>();
  readonly #runs = new Set<Run>();
  #bytesFetched = 0;

  constructor(options: FlightsOptions) {
    this.#options = options;
  }

  /** Bytes that came from the other side. */
  get bytesFetched(): number {
    return this.#bytesFetched;
  }

  count(bytes: number): void {
    this.#bytesFetched += bytes;
    counters.add(Count.remoteBytes, bytes);
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
    flight.waiting++;
    flight.run.waiting++;
    flight.run.hurried = true;
    return flight;
  }

  /**
   * Starts requests for chunks of which none is on its way, and joins them all: one, unless others fetch a part of them, which is
   * left to them. `anyway`: not to be left to anybody, for they do not bring it.
   */
  start(run: ChunkRun, background: boolean, anyway = false): Flight[] {
    const { first, end } = run;
    const claimed = this.#options.claim(first, end);
    if (anyway || claimed.length === end - first) return this.#launch(run, background);
    const whole = { gap: 0, longest: Number.POSITIVE_INFINITY };
    return coalesce(claimed, whole, NEVER).flatMap((part) => this.#launch(part, background));
  }

  #launch({ first, end }: ChunkRun, background: boolean): Flight[] {
    const run = new Run(background);
    const flights: RunFlight[] = [];
    for (let chunk = first; chunk < end; chunk++) {
      const flight = new RunFlight(chunk, run);
      flight.waiting = 1;
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
    const { run, place } = flight as RunFlight;
    (flight as RunFlight).waiting--;
    place?.release();
    run.waiting--;
    if (run.waiting > 0 || run.flights.size === 0) return;
    this.#drop(run, new Error('nobody waits for it any more'));
    run.controller.abort();
  }

  /** Takes the bytes of one answer, in order: that to a request, or one that was not asked for here. */
  assembly(run?: Run): ChunkAssembly {
    const { places, isMissing, take } = this.#options;
    return new ChunkAssembly(places, {
      isWanted: (chunk) => this.#flights.has(chunk) || isMissing(chunk),
      take,
      complete: (chunk, place) => this.#land(chunk, place, run),
    });
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
          this.count(bytes.length);
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
    assembly.end();
    this.#runs.delete(run);
    ended(failure);
  }

  #land(chunk: number, place: Place, by: Run | undefined): void {
    this.#options.keep(chunk, place);
    const flight = this.#flights.get(chunk);
    if (flight === undefined) return;
    this.#flights.delete(chunk);
    flight.run.flights.delete(chunk);
    for (let waiting = 0; waiting < flight.waiting; waiting++) place.hold();
    flight.place = place;
    flight.land(place);
    // an answer that was longer than asked for made another request superfluous
    if (flight.run !== by && flight.run.flights.size === 0) flight.run.controller.abort();
  }

  /** Who asks for its chunks from now on starts anew. */
  #drop(run: Run, error: unknown): void {
    for (const flight of run.flights.values()) {
      this.#flights.delete(flight.chunk);
      this.#options.release(flight.chunk);
      flight.fail(error);
    }
    run.flights.clear();
  }
}

const NEVER = () => false;
