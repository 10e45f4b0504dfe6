/** A blob behind HTTP or HTTPS, as RemoteBlob: one that a URL names, or one that its digest names. */
import type { BlobRange } from '../cache/source.js';
import type { Authority } from './authority.js';
import type { BlobIdentity } from './blob-identity.js';
import { identifyingName, parseBlobUrl, publicName, takeUserinfo } from './blob-url.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { readCredentials } from './credentials.js';
import type { FetchFailure } from './fetch-failure.js';
import { GivenCredentials } from './given-credentials.js';
import { HttpEndpoint } from './http-endpoint.js';
import {
  type CertificateOptions,
  FIRST_BYTES,
  HTTP_LIMITS,
  type HttpLimits,
  type HttpNotice,
  type HttpOptions,
} from './http-options.js';
import { LearnedIdentity } from './learned-identity.js';
import type { LinkedAbort } from './linked-abort.js';
import { Mirrors } from './mirrors.js';
import { pauseAfter } from './pause.js';
import { type PinnedBlob, PinnedIdentity } from './pinned-identity.js';
import { type RangeAnswer, readRangeAnswer } from './range-answer.js';
import { type FetchContext, type FetchPlan, RangeFetch } from './range-fetch.js';
import { type Arrival, type FetchOptions, type RemoteBlob, RemoteError } from './remote-blob.js';
import type { ResponseFields } from './response-fields.js';
import { borrowTransport, type SharedTransport } from './shared-transports.js';
import { WholeDownload } from './whole-download.js';

/** One of the places where a blob is. */
export interface BlobAddress {
  readonly url: URL;
  readonly authority: Authority;
  readonly certificates: CertificateOptions;
}

/**
 * Asks for the first bytes, which go to `options.arrived`: one round trip, if the connection is not counted. Throws RemoteError, the
 * system's error for files of credentials or certificates, or the signal's reason.
 */
export async function openHttpBlob(
  address: string,
  options: HttpOptions = {},
  signal?: AbortSignal,
): Promise<RemoteBlob> {
  const { blob } = learnedBlob(address, options);
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
  const { blob, identity } = learnedBlob(address, options);
  try {
    identity.resume(version);
    return blob;
  } catch (error) {
    void blob.close();
    throw error;
  }
}

/**
 * A blob whose bytes are known by a digest: nothing is asked before the first range is wanted. The places are asked in this
 * order where the first one fails; of `options`, mirrors and credentials are not used. Throws as openHttpBlob rejects.
 */
export function openPinnedBlob(
  places: readonly BlobAddress[],
  pinned: PinnedBlob,
  options: HttpOptions = {},
): RemoteBlob {
  return new HttpBlob(places, pinned.name, options, (mirrors) => new PinnedIdentity(pinned, mirrors));
}

function learnedBlob(
  address: string,
  options: HttpOptions,
): { readonly blob: HttpBlob; readonly identity: LearnedIdentity } {
  const urls = [address, ...(options.mirrors ?? [])].map(parseBlobUrl);
  const first = urls[0]!;
  const [name, lastingName, home] = [publicName(first), identifyingName(first), first.origin];
  const addresses = urls.map((url) => {
    const userinfo = takeUserinfo(url);
    // what the user gave is for the first URL's server, a mirror elsewhere must not learn it
    const read = () => ({ ...userinfo, ...(url.origin === home && readCredentials(options)) });
    return { url, authority: new GivenCredentials(read), certificates: options };
  });
  let identity: LearnedIdentity | undefined;
  const blob = new HttpBlob(addresses, name, options, (mirrors, report) => {
    identity = new LearnedIdentity(lastingName, mirrors, { verified: options.verified ?? false, report });
    return identity;
  });
  return { blob, identity: identity! };
}

class HttpBlob implements RemoteBlob, FetchContext {
  readonly name: string;
  readonly limits: HttpLimits;
  readonly mirrors: Mirrors;
  readonly #identity: BlobIdentity;
  readonly #options: HttpOptions;
  readonly #transports = new Map<CertificateOptions, SharedTransport>();
  readonly #running = new Set<RangeFetch>();
  readonly #downloads = new Map<WholeDownload, LinkedAbort>();
  readonly #reported = new Set<string>();
  /** why nothing can be fetched any more */
  #over: RemoteError | undefined;

  constructor(
    addresses: readonly BlobAddress[],
    name: string,
    options: HttpOptions,
    identify: (mirrors: Mirrors, report: (notice: HttpNotice) => void) => BlobIdentity,
  ) {
    this.name = name;
    this.limits = { ...HTTP_LIMITS, ...options.limits };
    this.#options = options;
    const report = (notice: HttpNotice) => this.#report(notice);
    const rules = {
      redirects: this.limits.redirects,
      allowPrivateRedirects: options.allowPrivateRedirects ?? false,
      report,
    };
    this.#borrowTransports(addresses);
    const endpoints = addresses.map(({ url, authority, certificates }) => {
      const { breakerFailures, breakerRest } = this.limits;
      const breaker = new CircuitBreaker(breakerFailures, breakerRest);
      const { transport, queue } = this.#transports.get(certificates)!;
      return new HttpEndpoint(url, authority, breaker, { transport, queue, ...rules });
    });
    this.mirrors = new Mirrors(endpoints, report);
    this.#identity = identify(this.mirrors, report);
  }

  get id(): string {
    return this.#identity.id;
  }

  get size(): number {
    return this.#identity.size!;
  }

  get version(): string {
    return this.#identity.version;
  }

  get knownSize(): number | undefined {
    return this.#identity.size;
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

  async fetch(range: BlobRange, arrived: Arrival, options: FetchOptions = {}): Promise<void> {
    const { offset, length } = range;
    if (offset < 0 || length < 0 || offset + length > this.size) {
      throw new RangeError(
        `bytes ${offset} to ${offset + length - 1} are not in the ${this.size} of ${this.name}`,
      );
    }
    const { landing, signal } = options;
    await this.#fetch({ range, priority: options, isOpening: false, landing }, arrived, signal);
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

  approach(): void {
    this.mirrors.first.approach();
  }

  blame(range: BlobRange): void {
    this.mirrors.blame(range);
  }

  async close(): Promise<void> {
    this.#end(new RemoteError('unreachable', `${this.name} was closed`));
    await this.#releaseTransports();
  }

  agree(endpoint: HttpEndpoint, fields: ResponseFields, answer: RangeAnswer): number {
    try {
      return this.#identity.agree(endpoint, fields, answer);
    } catch (error) {
      if (error instanceof RemoteError) this.#end(error);
      throw error;
    }
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

  #borrowTransports(addresses: readonly BlobAddress[]): void {
    try {
      for (const { certificates } of addresses) {
        if (this.#transports.has(certificates)) continue;
        this.#transports.set(certificates, borrowTransport(certificates, this.limits));
      }
    } catch (error) {
      void this.#releaseTransports();
      throw error;
    }
  }

  async #releaseTransports(): Promise<void> {
    const transports = [...this.#transports.values()];
    this.#transports.clear();
    await Promise.all(transports.map((transport) => transport.release()));
  }

  #report(notice: HttpNotice): void {
    const key = notice.code === 'mirror-left' ? notice.message : notice.code;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.#options.report?.(notice);
  }
}
