/**
 * A web server of one blob that does what it is told to do wrong: on real sockets, so that what the client meets is what
 * it meets outside. Without a fault it answers ranges and If-Range as RFC 9110 says.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Test } from 'tap';
import { freePort } from '../support/free-port.js';

/** Answers instead of the server. */
export type Fault = (exchange: ExchangeOnServer) => void;

export interface ExchangeOnServer {
  readonly server: FaultServer;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** half-open range of the blob that was asked for; all of it without Range */
  readonly start: number;
  readonly end: number;
}

export interface Seen {
  readonly host: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

export interface FaultServerOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
}

export class FaultServer {
  blob: Uint8Array;
  etag: string | undefined = '"version-1"';
  modified: string | undefined;
  /** every request, from the first byte on */
  readonly seen: Seen[] = [];
  /** one a request, in their order; then `always` */
  readonly faults: (Fault | undefined)[] = [];
  always: Fault | undefined;
  /** that were ever made */
  connections = 0;
  readonly #server: Server;
  readonly #scheme: string;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  private constructor(blob: Uint8Array, { tls }: FaultServerOptions) {
    this.blob = blob;
    this.#scheme = tls === undefined ? 'http' : 'https';
    const answer = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response);
    this.#server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
    this.#server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {}); // a client that has enough
    });
  }

  static async start(t: Test, blob: Uint8Array, options: FaultServerOptions = {}): Promise<FaultServer> {
    const server = new FaultServer(blob, options);
    await server.listen();
    t.teardown(() => server.stop());
    return server;
  }

  /** Again on the same port, where it was stopped. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** connections that there are now */
  get open(): number {
    return this.#sockets.size;
  }

  get port(): number {
    return this.#port;
  }

  url(path = '/image.erofs', host = '127.0.0.1'): string {
    return `${this.#scheme}://${host}:${this.#port}${path}`;
  }

  /** The Range fields that came, in their order. */
  get ranges(): (string | undefined)[] {
    return this.seen.map(({ headers }) => headers.range);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => {});
    const { host = '' } = request.headers;
    this.seen.push({ host, path: request.url ?? '', headers: request.headers });
    const [start, end] = askedRange(request, this.blob.length);
    const fault = this.faults.length > 0 ? this.faults.shift() : this.always;
    const exchange: ExchangeOnServer = { server: this, request, response, start, end };
    if (fault === undefined) serve(exchange);
    else fault(exchange);
  }
}

function askedRange(request: IncomingMessage, size: number): [number, number] {
  const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  return match === null ? [0, size] : [Number(match[1]), Math.min(Number(match[2]) + 1, size)];
}

/** The fields that every right answer has. */
export const versionFields = ({ etag, modified }: FaultServer): Record<string, string> => ({
  ...(etag !== undefined && { etag }),
  ...(modified !== undefined && { 'last-modified': modified }),
});

/** Fields of a 206 with these bytes. */
export function partFields({ server, start, end }: ExchangeOnServer): Record<string, string> {
  return {
    ...versionFields(server),
    'content-length': String(end - start),
    'content-range': `bytes ${start}-${end - 1}/${server.blob.length}`,
  };
}

/** What a right server does. */
export function serve(exchange: ExchangeOnServer): void {
  const { server, request, response, start, end } = exchange;
  const ifRange = request.headers['if-range'];
  const isCurrent = ifRange === undefined || ifRange === server.etag || ifRange === server.modified;
  if (request.headers.range === undefined || !isCurrent) {
    serveWhole(exchange);
    return;
  }
  if (start >= server.blob.length) {
    response.writeHead(416, { 'content-range': `bytes */${server.blob.length}` }).end();
    return;
  }
  response.writeHead(206, partFields(exchange)).end(server.blob.subarray(start, end));
}

export function serveWhole({ server, response }: ExchangeOnServer): void {
  response
    .writeHead(200, { ...versionFields(server), 'content-length': server.blob.length })
    .end(server.blob);
}

/** A URL where nothing listens. */
export const refusingUrl = async (): Promise<string> => `http://127.0.0.1:${await freePort()}/image.erofs`;
