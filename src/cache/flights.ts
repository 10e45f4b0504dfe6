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
import { allSettled } from './settled.js';

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
  /** why some of them did not arrive */
  problem: unknown;
  /** a background run that somebody has joined is one of the foreground */
  hurried = false;

  constructor(background: boolean) {
    this.background = background;
  }
}

class RunFlight implements Flight {
  readonly chunk: number;
  readonly run: Run;
  /** who has joined and not left */
  waiting = 0;
  place: Place | undefined;
  /** undefined: nobody has ever waited for it, as for most of what is fetched ahead */
  #arrived: Promise<Place> | undefined;
  #land: ((place: Place) => void) | undefined;
  #fail: ((error: unknown) => void) | undefined;

  constructor(chunk: number, run: Run) {
    this.chunk = chunk;
    this.run = run;
  }

  get arrived(): Promise<Place> {
    return this.#arrived!;
  }

  join(): void {
    this.waiting++;
    this.run.waiting++;
    if (this.#arrived !== undefined) return;
    this.#arrived = new Promise((resolve, reject) => {
      this.#land = resolve;
      this.#fail = reject;
    });
    // it may fail when those who waited have gone
    this.#arrived.catch(() => {});
  }

  land(place: Place): void {
    for (let waiting = 0; waiting < this.waiting; waiting++) place.hold();
    this.place = place;
    this.#land?.(place);
  }

  fail(error: unknown): void {
    this.#fail?.(error);
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
    flight.join();
    flight.run.hurried = true;
    return flight;
  }

  /**
   * Starts requests for chunks of which none is on its way, and joins them all: one, unless others fetch a part of them, which is
   * left to them. `anyway`: not to be left to anybody, for they do not bring it.
   */
  start(run: ChunkRun, anyway = false): Flight[] {
    return this.#claim(run, anyway).flatMap((part) => {
      const launched = this.#launch(part, false);
      const flights = [...launched.flights.values()];
      for (const flight of flights) flight.join();
      void this.#fly(launched, part);
      return flights;
    });
  }

  /**
   * The same in the background, and nobody is joined to them: they go on until they end. Settles then; rejects where a chunk did
   * not arrive.
   */
  async ahead(run: ChunkRun): Promise<void> {
    const flying = this.#claim(run, false).map(async (part) => {
      const launched = this.#launch(part, true);
      launched.waiting = 1;
      await this.#fly(launched, part);
      if (launched.problem !== undefined) throw launched.problem;
    });
    await allSettled(flying);
  }

  #claim(run: ChunkRun, anyway: boolean): readonly ChunkRun[] {
    const { first, end } = run;
    const claimed = this.#options.claim(first, end);
    if (anyway || claimed.length === end - first) return [run];
    return coalesce(claimed, { gap: 0, longest: Number.POSITIVE_INFINITY }, NEVER);
  }

  #launch({ first, end }: ChunkRun, background: boolean): Run {
    const run = new Run(background);
    for (let chunk = first; chunk < end; chunk++) {
      const flight = new RunFlight(chunk, run);
      run.flights.set(chunk, flight);
      this.#flights.set(chunk, flight);
    }
    this.#runs.add(run);
    return run;
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

  async #fly(run: Run, { first, end }: ChunkRun): Promise<void> {
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
          landing: assembly.landing,
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
    flight.land(place);
    // an answer that was longer than asked for made another request superfluous
    if (flight.run !== by && flight.run.flights.size === 0) flight.run.controller.abort();
  }

  /** Who asks for its chunks from now on starts anew. */
  #drop(run: Run, error: unknown): void {
    if (run.flights.size > 0) run.problem ??= error;
    for (const flight of run.flights.values()) {
      this.#flights.delete(flight.chunk);
      this.#options.release(flight.chunk);
      flight.fail(error);
    }
    run.flights.clear();
  }
}

const NEVER = () => false;
