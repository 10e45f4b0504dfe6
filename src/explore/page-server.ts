/** The page and its answers over HTTP, on this machine alone. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer } from './answers.js';
import type { Exploration } from './exploration.js';
import { Guard, newToken } from './guard.js';
import type { PageFile, PageFiles } from './page-files.js';

const ADDRESS = '127.0.0.1';
const CONNECTIONS = 64;
/** Milliseconds for a question to come in. */
const PATIENCE = 10_000;
const LONGEST_HEAD = 64 << 10;

/** Nothing from elsewhere, nothing inline, nothing that text could turn into a script; no frame around it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

/** It could not listen. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'port-not-free';
}

export interface PageServer {
  /** with the token that every request has to carry */
  readonly url: string;
  /** Leads to it once, and the one that was given before no more. */
  openingUrl(): string;
  /** Settles when no request is being answered any more. */
  close(): Promise<void>;
}

/** `port` 0 is one that is free. Rejects with ListenError. */
export async function servePage(
  exploration: Exploration,
  files: PageFiles,
  port: number,
): Promise<PageServer> {
  const token = newToken();
  let guard: Guard | undefined;
  const server = createServer(
    { maxHeaderSize: LONGEST_HEAD, headersTimeout: PATIENCE, requestTimeout: PATIENCE },
    (request, response) => void respond(request, response, guard!, exploration, files),
  );
  server.maxConnections = CONNECTIONS;
  // a client that goes away in the middle is nobody's concern
  server.on('clientError', (_, socket) => socket.destroy());
  await listen(server, port);
  const { port: own } = server.address() as AddressInfo;
  const judging = new Guard(token, own);
  guard = judging;
  const urlOf = (secret: string): string => `http://${ADDRESS}:${own}/${secret}/`;
  return { url: urlOf(token), openingUrl: () => urlOf(judging.ticket()), close: () => end(server) };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  guard: Guard,
  exploration: Exploration,
  files: PageFiles,
): Promise<void> {
  response.on('error', () => {});
  const { method = '', url: target = '', headers } = request;
  const [site, destination] = ['sec-fetch-site', 'sec-fetch-dest'].map((name) => headers[name]?.toString());
  const verdict = guard.judge({ method, target, host: headers.host, site, destination });
  const send = (status: number, { type, bytes }: PageFile) => {
    response.writeHead(status, { ...HEADERS, 'content-type': type, 'content-length': bytes.length });
    response.end(method === 'HEAD' ? undefined : bytes);
  };
  if (verdict.refused !== undefined) return send(verdict.refused, text(`${verdict.reason}\n`));
  if (verdict.redirect !== undefined) {
    response.writeHead(303, { ...HEADERS, location: verdict.redirect }).end();
    return;
  }
  const { path, query } = verdict;
  const file = files.get(path);
  if (file !== undefined) return send(200, file);
  const [, question] = /^api\/([a-z]+)$/.exec(path) ?? [];
  if (question === undefined) return send(404, text('there is nothing here\n'));
  const { status, body } = await answer(exploration, question, query);
  send(status, { type: 'application/json', bytes: Buffer.from(JSON.stringify(body)) });
}

const text = (line: string): PageFile => ({ type: 'text/plain; charset=utf-8', bytes: Buffer.from(line) });

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) =>
      reject(
        new ListenError(
          `--port ${port}: ${ADDRESS} cannot be listened on there (${cause.code}); choose another port, or leave it out for one that is free`,
          { cause },
        ),
      );
    server.once('error', fail);
    server.listen({ host: ADDRESS, port }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
