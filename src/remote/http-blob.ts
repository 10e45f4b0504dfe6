/**
 * A blob behind HTTP or HTTPS, as RemoteBlob.
 *
 * LAW: the first answer says which version is read; bytes of another one are never handed on, and a blob that was seen
 * to have changed stays stale.
 */
import type { BlobRange } from '../cache/source.js';
import { identifyingName, parseBlobUrl, publicName, takeUserinfo } from './blob-url.js';
import {
  type BlobVersion,
  confirmsVersion,
  differenceOf,
  isOtherVersion,
  parseVersion,
  readVersion,
  versionText,
} from './blob-version.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { readCredentials } from './credentials.js';
import { FetchFailure } from './fetch-failure.js';
import { type EndpointContext, HttpEndpoint } from './http-endpoint.js';
import {
  FIRST_BYTES,
  HTTP_LIMITS,
  type HttpLimits,
  type HttpNotice,
  type HttpOptions,
} from './http-options.js';
import { HttpTransport } from './http-transport.js';
import type { LinkedAbort } from './linked-abort.js';
import { Mirrors } from './mirrors.js';
import { pauseAfter } from './pause.js';
import { type RangeAnswer, readRangeAnswer } from './range-answer.js';
import { type FetchContext, type FetchPlan, RangeFetch } from './range-fetch.js';
import { type Arrival, type FetchOptions, type RemoteBlob, RemoteError } from './remote-blob.js';
import { RequestQueue } from './request-queue.js';
import type { ResponseFields } from './response-fields.js';
import { WholeDownload } from './whole-download.js';

/**
 * Asks for the first bytes, which go to `options.arrived`: one round trip, if the connection is not counted. Throws RemoteError, the
 * system's error for files of credentials or certificates, or the signal's reason.
 */
export async function openHttpBlob(
  address: string,
  options: HttpOptions = {},
  signal?: AbortSignal,
): Promise<RemoteBlob> {
  const blob = new HttpBlob(address, options);
  try {
    await blob.open(signal);
    return blob;
  } catch (error) {
    await blob.close();
    throw error;
  }
}

/**
 * The blob that was opened before, by its `version`: the network is asked for the first range, and the answer tells whether
 * it is still the same one. Throws RemoteError 'options' as openHttpBlob rejects.
 */
export function resumeHttpBlob(address: string, version: string, options: HttpOptions = {}): RemoteBlob {
  const blob = new HttpBlob(address, options);
  blob.resume(parseVersion(version));
  return blob;
}

class HttpBlob implements RemoteBlob, FetchContext {
  readonly name: string;
  readonly limits: HttpLimits;
  readonly mirrors: Mirrors;
  readonly #identity: string;
  readonly #options: HttpOptions;
  readonly #transport: HttpTransport;
  readonly #running = new Set<RangeFetch>();
  readonly #downloads = new Map<WholeDownload, LinkedAbort>();
  readonly #reported = new Set<string>();
  #version: BlobVersion | undefined;
  /** whose answer said what the blob is */
  #opener: HttpEndpoint | undefined;
  /** why nothing can be fetched any more */
  #over: RemoteError | undefined;

  constructor(address: string, options: HttpOptions) {
    const urls = [address, ...(options.mirrors ?? [])].map(parseBlobUrl);
    this.name = publicName(urls[0]!);
    this.#identity = identifyingName(urls[0]!);
    this.limits = { ...HTTP_LIMITS, ...options.limits };
    this.#options = options;
    this.#transport = new HttpTransport(options, this.limits);
    const report = (notice: HttpNotice) => this.#report(notice);
    const context: EndpointContext = {
      transport: this.#transport,
      queue: new RequestQueue((origin) => this.#transport.hostLimit(origin)),
      redirects: this.limits.redirects,
      allowPrivateRedirects: options.allowPrivateRedirects ?? false,
      report,
    };
    const home = urls[0]!.origin;
    const endpoints = urls.map((url) => {
      const userinfo = takeUserinfo(url);
      const { breakerFailures, breakerRest } = this.limits;
      const breaker = new CircuitBreaker(breakerFailures, breakerRest);
      // what the user gave is for the first URL's server, a mirror elsewhere must not learn it
      const credentials = () => ({ ...userinfo, ...(url.origin === home && readCredentials(options)) });
      return new HttpEndpoint(url, breaker, context, credentials);
    });
    this.mirrors = new Mirrors(endpoints, report);
  }

  get id(): string {
    return `${this.#identity} ${versionText(this.#version!)}`;
  }

  get size(): number {
    return this.#version!.size;
  }

  get version(): string {
    return JSON.stringify(this.#version);
  }

  get knownSize(): number | undefined {
    return this.#version?.size;
  }

  async open(signal: AbortSignal | undefined): Promise<void> {
    const range = { offset: 0, length: this.#options.firstBytes ?? FIRST_BYTES };
    const { arrived = () => {} } = this.#options;
    // a server that ignores Range sends everything there already
    const take: Arrival = (at, bytes) => {
      if (this.#downloads.size === 0) arrived(at, bytes);
    };
    await this.#fetch({ range, priority: {}, isOpening: true }, take, signal);
  }

  /** Only the first URL can say that it has changed: what another one has counts as a mirror's. */
  resume(version: BlobVersion): void {
    this.#version = version;
    this.#opener = this.mirrors.first;
    this.#opener.version = version;
  }

  async fetch(range: BlobRange, arrived: Arrival, options: FetchOptions = {}): Promise<void> {
    const { offset, length } = range;
    if (offset < 0 || length < 0 || offset + length > this.size) {
      throw new RangeError(
        `bytes ${offset} to ${offset + length - 1} are not in the ${this.size} of ${this.name}`,
      );
    }
    await this.#fetch({ range, priority: options, isOpening: false }, arrived, options.signal);
  }

  async #fetch(plan: FetchPlan, arrived: Arrival, signal: AbortSignal | undefined): Promise<void> {
    if (this.#over !== undefined) throw this.#over;
    this.mirrors.countFetch();
    const fetch = new RangeFetch(this, plan, arrived);
    this.#running.add(fetch);
    try {
      await fetch.run(signal);
    } finally {
      this.#running.delete(fetch);
    }
  }

  blame(range: BlobRange): void {
    this.mirrors.blame(range);
  }

  async close(): Promise<void> {
    this.#end(new RemoteError('unreachable', `${this.name} was closed`));
    await this.#transport.close();
  }

  agree(endpoint: HttpEndpoint, fields: ResponseFields, answer: RangeAnswer): number {
    const { size = endpoint.version?.size } = answer;
    if (size === undefined) {
      throw new FetchFailure('protocol', 'the server does not say how many bytes the blob has');
    }
    if (endpoint.version === undefined) {
      this.#meet(endpoint, readVersion(fields, size));
    } else if (isOtherVersion(endpoint.version, fields, answer.size)) {
      if (endpoint === this.#opener) throw this.#goStale(endpoint);
      this.#leave(endpoint, 'its blob has changed');
    } else if (answer.isWhole && !confirmsVersion(endpoint.version, fields)) {
      throw new FetchFailure('protocol', 'the answer is not the blob: it does not name the version', {
        transient: true,
      });
    }
    if (answer.isWhole && endpoint !== this.#opener) this.#leave(endpoint, 'it ignores Range');
    return size;
  }

  /** The first answer of an endpoint; the first of all says what the blob is. */
  #meet(endpoint: HttpEndpoint, version: BlobVersion): void {
    if (this.#version === undefined) {
      if (version.size === 0) throw new FetchFailure('protocol', 'it is empty');
      this.#version = version;
      this.#opener = endpoint;
      if (version.etag === undefined && version.modified === undefined) {
        const message = `${endpoint.name} has neither a strong ETag nor a date: a change that keeps its size goes unnoticed`;
        this.#report({ code: 'no-version', message });
      }
    } else {
      const difference = differenceOf(this.#version, version, this.#options.verified ?? false);
      if (difference !== undefined) this.#leave(endpoint, difference);
    }
    endpoint.version = version;
  }

  #leave(endpoint: HttpEndpoint, reason: string): never {
    this.mirrors.leave(endpoint, reason);
    throw new FetchFailure('protocol', `the mirror ${endpoint.name} cannot be used: ${reason}`);
  }

  #goStale(endpoint: HttpEndpoint): RemoteError {
    const was = versionText(this.#version!);
    const error = new RemoteError(
      'stale',
      `${endpoint.name} has changed since it was opened (size and version were ${was}): open it again`,
    );
    this.#end(error);
    return error;
  }

  #end(reason: RemoteError): void {
    this.#over ??= reason;
    for (const fetch of this.#running) fetch.end(this.#over);
    for (const abort of this.#downloads.values()) abort.abort(this.#over);
  }

  downloadBefore(offset: number): WholeDownload | undefined {
    for (const download of this.#downloads.keys()) if (download.position <= offset) return download;
    return undefined;
  }

  adopt(endpoint: HttpEndpoint, response: Promise<void>, abort: LinkedAbort): WholeDownload {
    abort.release();
    const download = new WholeDownload(this.size, this.#options.arrived);
    this.#downloads.set(download, abort);
    this.#report({
      code: 'no-range',
      message: `${endpoint.name} cannot be read in parts, for its server ignores Range: all ${this.size} bytes are read`,
    });
    const restart = (data: (bytes: Uint8Array) => boolean) => {
      const head = (status: number, fields: ResponseFields) => {
        const answer = readRangeAnswer(status, fields);
        this.agree(endpoint, fields, answer);
      };
      return endpoint.get({ fields: {}, priority: {}, started: () => {} }, { head, data }, abort.signal);
    };
    const pause = async (fruitless: number, failure: FetchFailure) => {
      if (fruitless >= this.limits.tries) throw failure;
      await pauseAfter(fruitless, failure, this.limits, abort.signal);
    };
    void download.run(response, restart, pause).finally(() => this.#downloads.delete(download));
    return download;
  }

  #report(notice: HttpNotice): void {
    const key = notice.code === 'mirror-left' ? notice.message : notice.code;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.#options.report?.(notice);
  }
}
