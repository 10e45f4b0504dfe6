/** A plain HTTP server of the files of one folder, with ranges and strong ETags: what a registry's blob store answers. */
import { once } from 'node:events';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream';

const RANGE = /^bytes=(\d+)-(\d*)$/;

export class FileServer {
  readonly #folder: string;
  readonly #server: Server;

  static async start(folder: string): Promise<FileServer> {
    const server = new FileServer(folder);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  private constructor(folder: string) {
    this.#folder = folder;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** rclone finds files by the links of a page. */
  #index(): string {
    return readdirSync(this.#folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => `<a href="${name}">${name}</a>\n`)
      .join('');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/') {
      response.writeHead(200, { 'content-type': 'text/html' }).end(this.#index());
      return;
    }
    const path = join(this.#folder, basename(pathname));
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    const { size } = stat;
    const found = RANGE.exec(request.headers.range ?? '');
    const start = found === null ? 0 : Number(found[1]);
    const end = found?.[2] ? Math.min(Number(found[2]), size - 1) : size - 1;
    if (start > end) {
      response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
      return;
    }
    response.writeHead(found === null ? 200 : 206, {
      'accept-ranges': 'bytes',
      'content-length': end - start + 1,
      'content-type': 'application/octet-stream',
      etag: `"${size}-${stat.mtimeMs}"`,
      'last-modified': stat.mtime.toUTCString(),
      ...(found !== null && { 'content-range': `bytes ${start}-${end}/${size}` }),
    });
    if (request.method === 'HEAD') response.end();
    // a client that goes away in the middle is its own affair
    else pipeline(createReadStream(path, { start, end, highWaterMark: 1 << 20 }), response, () => {});
  }
}
