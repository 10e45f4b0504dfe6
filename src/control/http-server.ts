/** A small HTTP server: questions of a kilobyte, a few at a time, each answered and closed. It keeps no process alive. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Answer, Answering } from './answers.js';
import type { ControlledMount } from './controlled-mount.js';

const LONGEST_BODY = 1024;
const LONGEST_HEAD = 8192;
const AT_ONCE = 16;
/** Milliseconds for a question to come in. */
const PATIENCE = 5_000;
/** Between two looks whether that is over. */
const CHECKING = 1_000;

export function httpServer(mount: ControlledMount, answering: Answering): Server {
  const server = createServer(
    {
      keepAlive: false,
      maxHeaderSize: LONGEST_HEAD,
      headersTimeout: PATIENCE,
      requestTimeout: PATIENCE,
      connectionsCheckingInterval: CHECKING,
    },
    (request, response) => void respond(request, response, mount, answering),
  );
  server.maxConnections = AT_ONCE;
  // a client that goes away in the middle is nobody's concern
  server.on('clientError', (_, socket) => socket.destroy());
  server.unref();
  return server;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  mount: ControlledMount,
  answering: Answering,
): Promise<void> {
  response.on('error', () => {});
  const { status, type, body } = await answerTo(request, mount, answering);
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  response.end(body);
}

async function answerTo(
  request: IncomingMessage,
  mount: ControlledMount,
  answering: Answering,
): Promise<Answer> {
  const body = await bodyOf(request);
  if (body === undefined)
    return { status: 413, type: 'text/plain', body: 'the body is too long, or ended early\n' };
  const { method = 'GET', url = '/' } = request;
  try {
    return await answering(mount, { method, path: url.split('?', 1)[0]!, body });
  } catch (error) {
    return { status: 500, type: 'text/plain', body: `${(error as Error).message}\n` };
  }
}

/** undefined where it is too long, or does not come to its end. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  let body = '';
  try {
    for await (const piece of request.setEncoding('utf8')) {
      body += piece;
      if (body.length > LONGEST_BODY) return undefined;
    }
    return body;
  } catch {
    // Whoever asked has gone.
    return undefined;
  }
}
