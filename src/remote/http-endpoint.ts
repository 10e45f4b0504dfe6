/**
 * One URL under which the blob may be read: its credentials, where its redirects lead, and how it behaved.
 *
 * LAW: credentials go to the scheme, host and port that the user named, and to nothing a redirect names.
 */

import { isHttp, publicName } from './blob-url.js';
import type { BlobVersion } from './blob-version.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { FetchFailure } from './fetch-failure.js';
import type { HttpNotice } from './http-options.js';
import type { HttpTransport, Receiver } from './http-transport.js';
import { isPrivateHost, isPrivateLiteral, privateTarget } from './private-address.js';
import { NO_REDIRECT, RedirectReceiver } from './redirect-receiver.js';
import type { Priority, RequestQueue } from './request-queue.js';

/** What endpoints of one blob share. */
export interface EndpointContext {
  readonly transport: HttpTransport;
  readonly queue: RequestQueue;
  readonly redirects: number;
  readonly allowPrivateRedirects: boolean;
  readonly report: (notice: HttpNotice) => void;
}

export interface EndpointRequest {
  /** Range, If-Range */
  readonly fields: Readonly<Record<string, string>>;
  readonly priority: Priority;
  /** called when a request has its place in the queue */
  readonly started: () => void;
}

/** A place on the way from the user's URL to the bytes. */
interface Hop {
  readonly url: URL;
  /** may see the credentials */
  readonly isTrusted: boolean;
  /** must not be on a private network */
  readonly guarded: boolean;
}

/** From what a redirect led to: it may have expired, and the user's URL lead to a new one. */
const EXPIRED = new Set([400, 401, 403, 404, 410]);

const BASE_FIELDS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'erofsjs' };

export class HttpEndpoint {
  readonly name: string;
  readonly breaker: CircuitBreaker;
  /** what the first answer said; undefined before */
  version: BlobVersion | undefined;
  /** why it is asked no more */
  leftBecause: string | undefined;
  readonly #start: Hop;
  readonly #context: EndpointContext;
  readonly #readCredentials: () => Readonly<Record<string, string>>;
  #credentials: Readonly<Record<string, string>>;
  /** where redirects led last */
  #resolved: Hop | undefined;

  /** `readCredentials` is called again when the server no longer accepts what it gave. */
  constructor(
    url: URL,
    breaker: CircuitBreaker,
    context: EndpointContext,
    readCredentials: () => Readonly<Record<string, string>>,
  ) {
    this.name = publicName(url);
    this.breaker = breaker;
    this.#context = context;
    this.#start = { url, isTrusted: true, guarded: false };
    this.#readCredentials = readCredentials;
    this.#credentials = readCredentials();
  }

  /** Follows redirects; 200, 206 and 416 come to the receiver. Rejects like HttpTransport.get. */
  async get(request: EndpointRequest, receiver: Receiver, signal: AbortSignal): Promise<void> {
    const resolved = this.#resolved;
    if (resolved !== undefined) {
      try {
        return await this.#follow(resolved, request, receiver, signal);
      } catch (error) {
        // whatever went wrong there, the next request may be led elsewhere
        if (!signal.aborted && this.#resolved === resolved) this.#resolved = undefined;
        if (!(error instanceof FetchFailure) || !EXPIRED.has(error.status ?? 0)) throw error;
      }
    }
    try {
      await this.#follow(this.#start, request, receiver, signal);
    } catch (error) {
      const { status } = error as Partial<FetchFailure>;
      if ((status !== 401 && status !== 403) || !this.#renewCredentials()) throw error;
      await this.#follow(this.#start, request, receiver, signal);
    }
  }

  async #follow(
    first: Hop,
    request: EndpointRequest,
    receiver: Receiver,
    signal: AbortSignal,
  ): Promise<void> {
    const seen = [first.url];
    let hop = first;
    for (;;) {
      const answer = await this.#ask(hop, request, receiver, signal);
      if (answer.location === NO_REDIRECT) {
        if (answer.failure !== undefined) throw answer.failure;
        return;
      }
      const next = await this.#next(hop, answer.location, answer.status);
      if (seen.some(({ href }) => href === next.url.href)) {
        throw redirectFailure('leads in a circle', [...seen, next.url]);
      }
      seen.push(next.url);
      if (seen.length > this.#context.redirects + 1) {
        throw redirectFailure(`leads on more than ${this.#context.redirects} times`, seen);
      }
      hop = next;
    }
  }

  async #ask(
    hop: Hop,
    request: EndpointRequest,
    receiver: Receiver,
    signal: AbortSignal,
  ): Promise<RedirectReceiver> {
    const { transport, queue } = this.#context;
    const { origin } = hop.url;
    const release = await queue.acquire(origin, request.priority, signal);
    try {
      request.started();
      const fields = { ...BASE_FIELDS, ...(hop.isTrusted && this.#credentials), ...request.fields };
      const answer = new RedirectReceiver(receiver, () => this.#arrivedAt(hop));
      await transport.get({ url: hop.url, fields, guarded: hop.guarded }, answer, signal);
      return answer;
    } finally {
      release();
    }
  }

  #arrivedAt(hop: Hop): void {
    if (hop !== this.#start) this.#resolved = hop;
  }

  async #next(hop: Hop, location: string | undefined, status: number): Promise<Hop> {
    if (location === undefined || !URL.canParse(location, hop.url.href)) {
      throw new FetchFailure('protocol', `the server answered ${status}, a redirect without a URL to go to`);
    }
    const url = new URL(location, hop.url);
    if (!isHttp(url)) throw new FetchFailure('protocol', `a redirect leads to a URL of ${url.protocol}`);
    url.username = '';
    url.password = '';
    url.hash = '';
    if (hop.url.protocol === 'https:' && url.protocol === 'http:') {
      const message = `${this.name} leads from https to http: what comes from ${publicName(url)} may be forged`;
      this.#context.report({ code: 'insecure', message });
    }
    const isTrusted = hop.isTrusted && url.origin === this.#start.url.origin;
    return { url, isTrusted, guarded: hop.guarded || (!isTrusted && (await this.#guards(url))) };
  }

  /** Whether the way to this URL must be guarded; throws where it plainly must not be gone. */
  async #guards(url: URL): Promise<boolean> {
    if (this.#context.allowPrivateRedirects) return false;
    if (await isPrivateHost(this.#start.url.hostname)) return false;
    if (isPrivateLiteral(url.hostname)) throw privateTarget(url.hostname);
    return true;
  }

  /** True where the files have other credentials than before. */
  #renewCredentials(): boolean {
    const before = JSON.stringify(this.#credentials);
    this.#credentials = this.#readCredentials();
    return JSON.stringify(this.#credentials) !== before;
  }
}

const redirectFailure = (complaint: string, way: readonly URL[]): FetchFailure => {
  const names = way.map(publicName);
  // a long way is told by its ends
  if (names.length > 4) names.splice(2, names.length - 3, '…');
  return new FetchFailure('protocol', `a redirect ${complaint}: ${names.join(' -> ')}`);
};
