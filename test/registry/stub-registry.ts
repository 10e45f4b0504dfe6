/** A registry in a few lines that answers what it is told: for what no real one does wrong, or none that is at hand does at all. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import type { Content } from '../support/registry-push.js';

export interface StubRequest {
  readonly method: string;
  /** below /v2/, without the query */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

/** Answers instead; false: it did not. */
export type StubFault = (request: StubRequest, response: ServerResponse) => boolean;

export class StubRegistry {
  readonly seen: StubRequest[] = [];
  /** by path below /v2/ */
  readonly contents = new Map<string, Content>();
  fault: StubFault = () => false;
  readonly #server: Server;
  #port = 0;

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(t: Test): Promise<StubRegistry> {
    const stub = new StubRegistry();
    await stub.listen();
    t.teardown(() => stub.stop());
    return stub;
  }

  /** Again on the same port, where it was stopped. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  get host(): string {
    return `localhost:${this.#port}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  /** Documents and blobs of a repository. */
  put(repository: string, contents: readonly Content[], tag?: string): void {
    for (const content of contents) {
      this.contents.set(`${repository}/manifests/${content.digest}`, content);
      this.contents.set(`${repository}/blobs/${content.digest}`, content);
    }
    if (tag !== undefined) this.contents.set(`${repository}/manifests/${tag}`, contents[0]!);
  }

  /** "GET team/app/manifests/1" of each request. */
  get asked(): string[] {
    return this.seen.map(({ method, path }) => `${method} ${path}`);
  }

  #answer({ method = 'GET', url = '/', headers }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, this.url);
    const request = { method, path: pathname.replace(/^\/v2\//, ''), query: searchParams, headers };
    this.seen.push(request);
    if (this.fault(request, response)) return;
    const content = this.contents.get(request.path);
    if (content === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
      return;
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
    const { bytes, mediaType, digest } = content;
    const fields = { 'content-type': mediaType, 'docker-content-digest': digest };
    if (range === null) {
      response.writeHead(200, { ...fields, 'content-length': bytes.length });
      response.end(method === 'HEAD' ? undefined : bytes);
      return;
    }
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]) + 1, bytes.length)];
    response.writeHead(206, { ...fields, 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` });
    response.end(bytes.subarray(start, end));
  }
}
