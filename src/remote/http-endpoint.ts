/** One URL under which the blob may be read: who asks there, where its redirects lead, and how it behaved. */
import type { Authority } from './authority.js';
import { askAuthorized } from './authorized.js';
import { publicName } from './blob-url.js';
import type { BlobVersion } from './blob-version.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { FetchFailure } from './fetch-failure.js';
import type { HttpTransport, Receiver } from './http-transport.js';
import { RedirectReceiver } from './redirect-receiver.js';
import { followRedirects, type Hop, type RedirectRules } from './redirects.js';
import type { Priority, RequestQueue } from './request-queue.js';

/** What endpoints share. */
export interface EndpointContext extends RedirectRules {
  readonly transport: HttpTransport;
  readonly queue: RequestQueue;
}

export interface EndpointRequest {
  /** Range, If-Range */
  readonly fields: Readonly<Record<string, string>>;
  readonly priority: Priority;
  /** called when a request has its place in the queue */
  readonly started: () => void;
}

/** From what a redirect led to: it may have expired, and the user's URL lead to a new one. */
const EXPIRED = new Set([400, 401, 403, 404, 410]);

export class HttpEndpoint {
  readonly name: string;
  readonly breaker: CircuitBreaker;
  /** what the first answer said; undefined before */
  version: BlobVersion | undefined;
  /** why it is asked no more */
  leftBecause: string | undefined;
  readonly #start: Hop;
  readonly #context: EndpointContext;
  readonly #authority: Authority;
  /** where redirects led last */
  #resolved: Hop | undefined;

  constructor(url: URL, authority: Authority, breaker: CircuitBreaker, context: EndpointContext) {
    this.name = publicName(url);
    this.breaker = breaker;
    this.#context = context;
    this.#start = { url, isTrusted: true, guarded: false };
    this.#authority = authority;
  }

  /** Opens a connection, where there is none, before somebody waits for it. */
  approach(): void {
    this.#context.transport.approach(this.#start);
  }

  /** Follows redirects; 200, 206 and 416 come to the receiver. Rejects like HttpTransport.send. */
  async get(request: EndpointRequest, receiver: Receiver, signal: AbortSignal): Promise<void> {
    const resolved = this.#resolved;
    if (resolved !== undefined) {
      try {
        const { failure } = await this.#follow(resolved, request, receiver, signal);
        if (failure === undefined) return;
        throw failure;
      } catch (error) {
        // whatever went wrong there, the next request may be led elsewhere
        if (!signal.aborted && this.#resolved === resolved) this.#resolved = undefined;
        if (!(error instanceof FetchFailure) || !EXPIRED.has(error.status ?? 0)) throw error;
      }
    }
    const ask = () => this.#follow(this.#start, request, receiver, signal);
    const { failure } = await askAuthorized(this.#authority, ask, signal);
    if (failure !== undefined) throw failure;
  }

  #follow(
    from: Hop,
    request: EndpointRequest,
    receiver: Receiver,
    signal: AbortSignal,
  ): Promise<RedirectReceiver> {
    const ask = (hop: Hop) => this.#ask(hop, request, receiver, signal);
    return followRedirects(this.#start, from, this.#context, ask);
  }

  async #ask(
    hop: Hop,
    request: EndpointRequest,
    receiver: Receiver,
    signal: AbortSignal,
  ): Promise<RedirectReceiver> {
    const { transport, queue } = this.#context;
    const { origin } = hop.url;
    const credentials = hop.isTrusted ? await this.#authority.fields(signal) : undefined;
    const release = await queue.acquire(origin, request.priority, signal);
    try {
      request.started();
      const fields = { ...credentials, ...request.fields };
      const answer = new RedirectReceiver(receiver, credentials, () => this.#arrivedAt(hop));
      await transport.send({ url: hop.url, fields, guarded: hop.guarded }, answer, signal);
      return answer;
    } finally {
      release();
    }
  }

  #arrivedAt(hop: Hop): void {
    if (hop !== this.#start) this.#resolved = hop;
  }
}
