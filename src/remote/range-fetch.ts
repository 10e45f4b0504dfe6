/**
 * One fetch of one range, with all its tries: from mirror to mirror, with pauses, a second request where the first is
 * slow, and a deadline over all. What has arrived is never asked for again.
 *
 * INVARIANT: every request begins at or before `position`, the first byte that has not arrived, and its bytes come in
 * order; so that of two requests at once the one that is ahead delivers, and what the other one repeats is dropped.
 */
import type { BlobRange } from '../cache/source.js';
import { Count, counters } from '../statistics/counters.js';
import { FetchFailure } from './fetch-failure.js';
import type { HttpEndpoint } from './http-endpoint.js';
import type { HttpLimits } from './http-options.js';
import { LinkedAbort } from './linked-abort.js';
import type { Mirrors } from './mirrors.js';
import { pauseAfter } from './pause.js';
import type { RangeAnswer } from './range-answer.js';
import { RangeReceiver } from './range-receiver.js';
import { type Arrival, type Landing, RemoteError } from './remote-blob.js';
import type { Priority } from './request-queue.js';
import type { ResponseFields } from './response-fields.js';
import type { WholeDownload } from './whole-download.js';

/** What the fetches of one blob share. */
export interface FetchContext {
  /** the blob's */
  readonly name: string;
  readonly limits: HttpLimits;
  readonly mirrors: Mirrors;
  /** undefined before the first answer */
  readonly knownSize: number | undefined;
  /**
   * Compares an answer with the blob, whose size it returns; the first one says what the blob is. Throws FetchFailure
   * where it is about another one.
   */
  agree(endpoint: HttpEndpoint, fields: ResponseFields, answer: RangeAnswer): number;
  /** A download of the whole blob that has not come past `offset` yet. */
  downloadBefore(offset: number): WholeDownload | undefined;
  /** An answer with the whole blob becomes the download that everybody may join; `abort` ends it. */
  adopt(endpoint: HttpEndpoint, response: Promise<void>, abort: LinkedAbort): WholeDownload;
}

export interface FetchPlan {
  readonly range: BlobRange;
  readonly priority: Priority;
  /** the first fetch of the blob, whose size is not known */
  readonly isOpening: boolean;
  readonly landing?: (() => Landing) | undefined;
}

export class RangeFetch {
  readonly #context: FetchContext;
  readonly #plan: FetchPlan;
  readonly #arrived: Arrival;
  readonly #control = new AbortController();
  readonly #failed = new Set<HttpEndpoint>();
  /** those that said no for good */
  readonly #refusing = new Set<HttpEndpoint>();
  #position: number;
  #clock: NodeJS.Timeout | undefined;
  #last: FetchFailure | undefined;
  #isAnswered = false;

  constructor(context: FetchContext, plan: FetchPlan, arrived: Arrival) {
    this.#context = context;
    this.#plan = plan;
    this.#arrived = arrived;
    this.#position = plan.range.offset;
  }

  /** The fetch rejects with `reason`, at once. */
  end(reason: unknown): void {
    this.#control.abort(reason);
  }

  /** Resolves when all has arrived. Rejects with RemoteError, the signal's reason, or what `arrived` threw. */
  async run(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const abort = () => this.end(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    if (!this.#plan.priority.background) this.#startClock();
    try {
      await this.#work();
    } catch (error) {
      if (this.#control.signal.aborted) throw this.#control.signal.reason;
      if (error instanceof FetchFailure) throw this.#explain(error.message, error);
      throw error;
    } finally {
      clearTimeout(this.#clock);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** The first byte behind the range, or behind the blob where its size was not known before. */
  get #end(): number {
    const end = this.#plan.range.offset + this.#plan.range.length;
    return Math.min(end, this.#context.knownSize ?? end);
  }

  get #rest(): BlobRange {
    return { offset: this.#position, length: this.#end - this.#position };
  }

  async #work(): Promise<void> {
    const { limits, mirrors } = this.#context;
    const tries = this.#plan.isOpening ? limits.openingTries : limits.tries;
    let fruitless = 0;
    while (this.#position < this.#end) {
      const endpoint = mirrors.next(this.#rest, this.#failed);
      if (endpoint === undefined) {
        fruitless += 1;
        if (fruitless >= tries || !mirrors.hasMoreThan(this.#refusing)) {
          throw this.#last ?? new FetchFailure('unreachable', mirrors.reasons);
        }
        await pauseAfter(fruitless - 1, this.#last, limits, this.#control.signal);
        this.#failed.clear();
        for (const refusing of this.#refusing) this.#failed.add(refusing);
        continue;
      }
      const before = this.#position;
      if (this.#last !== undefined) counters.add(Count.remoteRetries, 1);
      try {
        await this.#round(endpoint);
      } catch (error) {
        if (!(error instanceof FetchFailure) || this.#control.signal.aborted) throw error;
      }
      if (this.#position > before) fruitless = 0;
    }
  }

  /** One request and, where it is slow, another one beside it: the first that comes to its end ends the round. */
  async #round(endpoint: HttpEndpoint): Promise<void> {
    const { downloadBefore } = this.#context;
    const download = downloadBefore.call(this.#context, this.#position);
    if (download !== undefined) return this.#join(download, endpoint);
    const abort = new LinkedAbort(this.#control.signal);
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        let running = 0;
        const launch = (asked: HttpEndpoint, started: () => void) => {
          running += 1;
          this.#attempt(asked, abort.signal, started).then(resolve, (error) => {
            running -= 1;
            if (running === 0) reject(error);
          });
        };
        const begin = this.#position;
        const hedge = () => {
          const other = this.#hedge(endpoint, this.#position - begin);
          if (other === undefined) return;
          counters.add(Count.remoteHedges, 1);
          launch(other, () => {});
        };
        launch(endpoint, () => {
          timer ??= setTimeout(hedge, this.#context.limits.hedgeAfter);
        });
      });
    } finally {
      clearTimeout(timer);
      abort.abort(new Error('another request brought the bytes'));
    }
  }

  /** Whom to ask beside a request that brought so few bytes; undefined where it is not worth it. */
  #hedge(slow: HttpEndpoint, brought: number): HttpEndpoint | undefined {
    const { limits, mirrors } = this.#context;
    if (this.#plan.priority.background || brought >= limits.hedgeBelow) return undefined;
    if (this.#position >= this.#end || this.#context.downloadBefore(this.#position) !== undefined)
      return undefined;
    if (!mirrors.allowsHedge()) return undefined;
    return mirrors.next(this.#rest, new Set([...this.#failed, slow])) ?? slow;
  }

  async #attempt(endpoint: HttpEndpoint, signal: AbortSignal, started: () => void): Promise<void> {
    const abort = new LinkedAbort(signal);
    const range = this.#rest;
    let joined: Promise<void> | undefined;
    const receiver = new RangeReceiver(range, {
      agree: (fields, answer) => {
        this.#isAnswered = true;
        return this.#context.agree(endpoint, fields, answer);
      },
      deliver: (at, bytes) => this.#deliver(endpoint, at, bytes),
      adopt: () => {
        const download = this.#context.adopt(endpoint, response, abort);
        joined = this.#join(download, endpoint);
        return download;
      },
      landing: this.#plan.landing?.(),
    });
    const { ifRange } = endpoint.version ?? {};
    const response = endpoint.get(
      {
        fields: {
          range: `bytes=${range.offset}-${range.offset + range.length - 1}`,
          ...(ifRange !== undefined && { 'if-range': ifRange }),
        },
        priority: this.#plan.priority,
        started: () => {
          this.#startClock();
          started();
        },
      },
      receiver,
      abort.signal,
    );
    try {
      await Promise.race([response, receiver.adopted]);
      if (joined === undefined) receiver.finish();
      else await joined;
      endpoint.breaker.succeeded();
    } catch (error) {
      if (!signal.aborted && error instanceof FetchFailure) this.#fail(endpoint, error);
      throw error;
    } finally {
      abort.release();
    }
  }

  async #join(download: WholeDownload, endpoint: HttpEndpoint): Promise<void> {
    try {
      await download.join(
        this.#rest,
        (at, bytes) => this.#deliver(endpoint, at, bytes),
        this.#control.signal,
      );
    } catch (error) {
      if (error instanceof FetchFailure) this.#fail(endpoint, error);
      throw error;
    }
  }

  #fail(endpoint: HttpEndpoint, failure: FetchFailure): void {
    this.#last = failure;
    this.#failed.add(endpoint);
    if (!failure.transient) this.#refusing.add(endpoint);
    endpoint.breaker.failed();
  }

  #deliver(endpoint: HttpEndpoint, at: number, bytes: Uint8Array): void {
    const known = this.#position - at;
    if (known >= bytes.length) return;
    const fresh = known === 0 ? bytes : bytes.subarray(known);
    this.#context.mirrors.delivered(endpoint, this.#position, fresh.length);
    const place = this.#position;
    this.#position += fresh.length;
    try {
      this.#arrived(place, fresh);
    } catch (error) {
      this.end(error);
      throw error;
    }
  }

  #startClock(): void {
    const { deadline } = this.#context.limits;
    this.#clock ??= setTimeout(() => {
      const silence = this.#isAnswered ? 'the answer did not come to its end' : 'no answer came';
      this.end(this.#explain(`it took longer than ${deadline / 1000} s: ${this.#last?.message ?? silence}`));
    }, deadline);
  }

  #explain(reason: string, failure?: FetchFailure): RemoteError {
    const { offset, length } = this.#plan.range;
    const { name } = this.#context;
    const message = this.#plan.isOpening
      ? `${name} cannot be opened: ${reason}`
      : `bytes ${offset} to ${offset + length - 1} of ${name} cannot be read: ${reason}`;
    const { code = 'unreachable', status } = failure ?? {};
    return new RemoteError(code, message, status === undefined ? {} : { status });
  }
}
