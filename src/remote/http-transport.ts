/**
 * Sends one request and gives what comes as it comes: HTTP/1.1 and HTTP/2, through the proxies of the environment. The only
 * importer of undici. Redirects, ranges and tries are the business of others.
 */
import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { Count, counters } from '../statistics/counters.js';
import { readCertificates, type TrustOptions } from './certificates.js';
import { FetchFailure } from './fetch-failure.js';
import type { CertificateOptions, HttpLimits } from './http-options.js';
import { networkFailure } from './network-failure.js';
import { isPrivateAddress, privateTarget } from './private-address.js';
import { fieldOf, type ResponseFields } from './response-fields.js';
import { type Body, SocketReads } from './reused-reads.js';

/** Takes an answer. What it throws ends the request, which rejects with that. */
export interface Receiver {
  head(status: number, fields: ResponseFields): void;
  /** `bytes` are lent until the call returns; false: the rest is not wanted */
  data(bytes: Uint8Array): boolean;
  /** Memory for bytes to come, where it has any: see Body. */
  room?(shared: Uint8Array): Uint8Array;
  left?(): void;
}

export interface HttpRequest {
  /** GET unless given */
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  /** names in lower case; go before BASE_FIELDS */
  readonly fields: Readonly<Record<string, string>>;
  /** never connect to a private or loopback address */
  readonly guarded: boolean;
  readonly body?: string;
}

/** What a request says where it does not say otherwise. A body that is encoded on its way has other offsets and digests. */
const BASE_FIELDS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'erofsjs' };

type Undici = typeof import('undici');

/** Longer than the keep-alive of no common server, which says so if it is shorter. */
const KEEP_ALIVE_MS = 30_000;

/** HTTP/2 sends no more than this before it is acknowledged: enough for 1 Gbit/s over 50 ms. */
const STREAM_WINDOW = 4 * 1024 * 1024;
const CONNECTION_WINDOW = 8 * 1024 * 1024;

/** Milliseconds by which the clock on the wall runs ahead of the monotonic one, which stands still while the machine sleeps. */
const wallAhead = (): number => Date.now() - performance.now();

/** A jump of this many milliseconds: the other sides of idle connections have given them up, without a word that reached us. */
const LONG_SLEEP_MS = 30_000;

export class HttpTransport {
  readonly #limits: HttpLimits;
  readonly #trust: TrustOptions;
  readonly #unverifiedHost: string | undefined;
  readonly #multiplexed = new Set<string>();
  readonly #agents: (Promise<EnvHttpProxyAgent> | undefined)[] = [undefined, undefined];
  /** from before the machine slept: each ends with its last request */
  readonly #retired = new Set<Promise<EnvHttpProxyAgent>>();
  #wallAhead = wallAhead();

  /** Throws RemoteError 'options' for certificates that do not fit, the system's error for files that cannot be read. */
  constructor(options: CertificateOptions, limits: HttpLimits) {
    this.#limits = limits;
    this.#trust = readCertificates(options);
    this.#unverifiedHost = options.unverifiedHost;
  }

  /** Requests that one host takes at once. */
  hostLimit(origin: string): number {
    return this.#multiplexed.has(origin) ? this.#limits.streams : this.#limits.connections;
  }

  /**
   * Resolves at the end of the answer or when the receiver has enough. Rejects with FetchFailure, what the receiver threw,
   * or the signal's reason; never later than one stall after the last byte.
   */
  send(request: HttpRequest, receiver: Receiver, signal: AbortSignal): Promise<void> {
    this.#leaveSlept();
    counters.add(Count.remoteRequests, 1);
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(receiver, signal, this.#limits.stall, (error) =>
        error === undefined ? resolve() : reject(error),
      );
      const { origin, pathname, search } = request.url;
      const options: Dispatcher.DispatchOptions = {
        origin,
        path: pathname + search,
        method: request.method ?? 'GET',
        headers: { ...BASE_FIELDS, ...request.fields },
        ...(request.body !== undefined && { body: request.body }),
        headersTimeout: 0,
        bodyTimeout: 0,
      };
      // One each turn: within a turn undici takes a connection for busy that has just been used, and opens another one.
      setImmediate(() => {
        this.#agent(request.guarded)
          .then((agent) => exchange.isOver || agent.dispatch(options, exchange))
          .catch((error) => exchange.end(networkFailure(error)));
      });
    });
  }

  /** Opens a connection and asks for nothing: who asks first then need not wait for it. Nobody is told where that fails. */
  approach({ url, guarded }: Pick<HttpRequest, 'url' | 'guarded'>): void {
    this.#agent(guarded)
      .then((agent) => agent.dispatch({ origin: url.origin, path: '/', method: 'GET' }, NO_REQUEST))
      .catch(() => {});
  }

  /** Ends what still runs. */
  async close(): Promise<void> {
    for (const agent of [...this.#agents, ...this.#retired]) {
      // one that could not be made has told those who wanted it
      await agent?.then(
        (made) => made.destroy(),
        () => {},
      );
    }
  }

  /** A clock that somebody has set looks like a sleep: then new connections are made where the old ones would have done. */
  #leaveSlept(): void {
    const ahead = wallAhead();
    const jump = Math.abs(ahead - this.#wallAhead);
    this.#wallAhead = ahead;
    if (jump < LONG_SLEEP_MS) return;
    for (const [index, agent] of this.#agents.entries()) {
      this.#agents[index] = undefined;
      if (agent !== undefined) this.#retire(agent);
    }
  }

  #retire(agent: Promise<EnvHttpProxyAgent>): void {
    this.#retired.add(agent);
    const forget = () => void this.#retired.delete(agent);
    // one that could not be made has told those who wanted it
    agent.then((made) => made.close()).then(forget, forget);
  }

  #agent(guarded: boolean): Promise<EnvHttpProxyAgent> {
    const index = Number(guarded);
    this.#agents[index] ??= this.#makeAgent(guarded);
    return this.#agents[index];
  }

  async #makeAgent(guarded: boolean): Promise<EnvHttpProxyAgent> {
    const undici = await loadUndici();
    const tls = { ...this.#trust, allowH2: true, timeout: this.#limits.stall };
    const direct = { ...tls, ...(guarded && { lookup: guardedLookup }) };
    const checked = undici.buildConnector(direct);
    const unchecked = undici.buildConnector({ ...direct, rejectUnauthorized: false });
    try {
      return new undici.EnvHttpProxyAgent({
        connect: (options, callback) => {
          const reads = options.protocol === 'http:' ? new SocketReads() : undefined;
          const inTheClear = reads && undici.buildConnector({ ...direct, onread: reads.onread });
          const connect = inTheClear ?? (options.host === this.#unverifiedHost ? unchecked : checked);
          connect(options, (...[error, socket]) => {
            if (error !== null) return callback(error, null);
            reads?.adopt(socket);
            if ('alpnProtocol' in socket && socket.alpnProtocol === 'h2') {
              this.#multiplexed.add(`${options.protocol}//${options.host}`);
            }
            callback(null, socket);
          });
        },
        factory: (origin, options) => this.#makePool(undici, new URL(origin), options),
        requestTls: tls,
        proxyTls: { ...this.#trust, timeout: this.#limits.stall },
        // a proxy need not allow CONNECT to anything but https
        proxyTunnel: false,
        allowH2: true,
        connections: this.#limits.connections,
        keepAliveTimeout: KEEP_ALIVE_MS,
        initialWindowSize: STREAM_WINDOW,
        connectionWindowSize: CONNECTION_WINDOW,
      });
    } catch (error) {
      // its message may repeat the user and password of a proxy
      const { code = 'invalid' } = error as NodeJS.ErrnoException;
      throw new FetchFailure(
        'options',
        `http_proxy or https_proxy of the environment is not a URL of a proxy (${code})`,
      );
    }
  }

  /** Unless it is told so, undici runs one request at a time on a connection of HTTP/2 as well. */
  #makePool({ Client, Pool }: Undici, origin: URL, options: object): Pool {
    const pool = new Pool(origin, options);
    pool.on('connect', (_, targets) => {
      if (!this.#multiplexed.has(origin.origin)) return;
      for (const client of targets) if (client instanceof Client) client.pipelining = this.#limits.streams;
    });
    return pool;
  }
}

/** Undici takes 60 ms to load: only who reads from a network waits for it. */
async function loadUndici(): Promise<Undici> {
  try {
    return await import('undici');
  } catch (error) {
    throw new FetchFailure(
      'options',
      `HTTP needs the package undici, which cannot be loaded: ${(error as Error).message}; install erofsjs again`,
    );
  }
}

/** What is thrown when undici has a connection ends the request before it is sent, and the connection stays. */
const NO_REQUEST: Dispatcher.DispatchHandler = {
  onRequestStart: () => {
    throw new Error('only the connection was wanted');
  },
  onResponseStart: () => {},
  onResponseData: () => {},
  onResponseEnd: () => {},
  onResponseError: () => {},
};

/** One request on its way, as undici sees it. */
class Exchange implements Dispatcher.DispatchHandler, Body {
  readonly #receiver: Receiver;
  readonly #signal: AbortSignal;
  readonly #settle: (error: Error | undefined) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #abort = () => this.end(this.#signal.reason);
  #controller: Dispatcher.DispatchController | undefined;
  /** the body goes around undici, but for what came with the fields */
  #reads: SocketReads | undefined;
  isOver = false;

  constructor(
    receiver: Receiver,
    signal: AbortSignal,
    stall: number,
    settle: (error: Error | undefined) => void,
  ) {
    this.#receiver = receiver;
    this.#signal = signal;
    this.#settle = settle;
    this.#timer = setTimeout(
      () =>
        this.end(new FetchFailure('unreachable', `no byte came for ${stall / 1000} s`, { transient: true })),
      stall,
    );
    signal.addEventListener('abort', this.#abort, { once: true });
    if (signal.aborted) this.#abort();
  }

  /** Settles the request; what still comes is dropped with its connection. */
  end(error: Error | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#abort);
    this.#settle(error);
    this.#controller?.abort(error ?? new Error('the rest of the answer is not wanted'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A request that was cut off may be sent again below: its bytes would begin anew.
    if (this.#controller !== undefined) {
      this.end(new FetchFailure('unreachable', 'the connection was cut', { transient: true }));
    }
    this.#controller = controller;
    if (this.isOver) controller.abort(new Error('the answer is no longer wanted'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, fields: ResponseFields): void {
    if (this.isOver || status < 200) return;
    this.#timer.refresh();
    try {
      this.#receiver.head(status, fields);
      const length = lengthOf(status, fields);
      if (length !== undefined && this.#receiver.room !== undefined) {
        this.#reads = SocketReads.divert(this, length);
      }
    } catch (error) {
      this.end(error as Error);
    }
  }

  onResponseData(_: Dispatcher.DispatchController, bytes: Uint8Array): void {
    if (this.#reads === undefined || this.#reads.isFirstOfBody(bytes.length)) this.data(bytes);
  }

  room(shared: Uint8Array): Uint8Array {
    return this.#receiver.room?.(shared) ?? shared;
  }

  left(): void {
    this.#receiver.left?.();
  }

  data(bytes: Uint8Array): void {
    if (this.isOver) return;
    this.#timer.refresh();
    try {
      if (!this.#receiver.data(bytes)) this.end(undefined);
    } catch (error) {
      this.end(error as Error);
    }
  }

  onResponseEnd(): void {
    this.#controller = undefined;
    this.end(undefined);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#controller = undefined;
    this.end(networkFailure(error));
  }
}

/** Bytes of the body; undefined where they do not come as they are, one behind the other. */
function lengthOf(status: number, fields: ResponseFields): number | undefined {
  const length = fieldOf(fields, 'content-length') ?? '';
  const isPlain = (status === 200 || status === 206) && fields['transfer-encoding'] === undefined;
  return isPlain && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** Fails where one of the addresses is private: the connection is made to what was checked. */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
    const hidden = error === null && addresses.some(({ address }) => isPrivateAddress(address));
    if (hidden) return callback(privateTarget(hostname), []);
    callback(error, addresses ?? []);
  });
};
