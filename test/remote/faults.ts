/** Faults by name: what each does to one answer. */
import { type Fault, partFields, serve, serveWhole, versionFields } from './fault-server.js';

/** The first bytes, then the connection is cut. */
export const resetAfter =
  (count: number): Fault =>
  (exchange) => {
    const { server, response, start } = exchange;
    response.writeHead(206, partFields(exchange));
    response.write(server.blob.subarray(start, start + count), () => response.socket?.resetAndDestroy());
  };

/** The first bytes, then the connection is closed as after an end. */
export const cutAfter =
  (count: number): Fault =>
  (exchange) => {
    const { server, response, start } = exchange;
    response.writeHead(206, partFields(exchange));
    response.write(server.blob.subarray(start, start + count), () => response.socket?.end());
  };

/** The connection is cut before an answer. */
export const reset: Fault = ({ request }) => request.socket.resetAndDestroy();

/** The first bytes, then nothing, for ever. */
export const stallAfter =
  (count: number): Fault =>
  (exchange) => {
    const { server, response, start } = exchange;
    response.writeHead(206, partFields(exchange));
    response.write(server.blob.subarray(start, start + count));
  };

/** No answer at all. */
export const silence: Fault = () => {};

/** One byte each so many milliseconds. */
export const drip =
  (milliseconds: number): Fault =>
  (exchange) => {
    const { server, response, start, end } = exchange;
    response.writeHead(206, partFields(exchange));
    let at = start;
    const timer = setInterval(() => {
      if (at < end) response.write(server.blob.subarray(at, ++at));
      else response.end();
    }, milliseconds);
    response.on('close', () => clearInterval(timer));
  };

/** A right answer to a shorter range. */
export const shorter =
  (count: number): Fault =>
  (exchange) =>
    serve({ ...exchange, end: Math.min(exchange.end, exchange.start + count) });

/** Announces all, chunked, and ends early without a complaint. */
export const shortBody =
  (count: number): Fault =>
  (exchange) => {
    const { server, response, start } = exchange;
    const { 'content-length': _, ...fields } = partFields(exchange);
    response.writeHead(206, fields).end(server.blob.subarray(start, start + count));
  };

/** 206 whose Content-Range says something else. */
export const partClaiming =
  (contentRange: string): Fault =>
  (exchange) => {
    const { server, response, start, end } = exchange;
    const fields = { ...partFields(exchange), 'content-range': contentRange };
    response.writeHead(206, fields).end(server.blob.subarray(start, end));
  };

/** A right answer with more fields, or without one. */
export const withFields =
  (more: Readonly<Record<string, string>>): Fault =>
  (exchange) => {
    const { server, response, start, end } = exchange;
    response.writeHead(206, { ...partFields(exchange), ...more }).end(server.blob.subarray(start, end));
  };

/** Range is ignored. */
export const whole: Fault = (exchange) => serveWhole(exchange);

/** Range is ignored, and the connection closed after so many bytes. */
export const wholeCut =
  (count: number): Fault =>
  ({ server, response }) => {
    response.writeHead(200, { ...versionFields(server), 'content-length': server.blob.length });
    response.write(server.blob.subarray(0, count), () => response.socket?.end());
  };

/** All of the blob, from whose byte `gate` on only when release() is called. */
export function gatedWhole(gate: number): { readonly fault: Fault; release(): void } {
  const held: (() => void)[] = [];
  const fault: Fault = ({ server, response }) => {
    response.writeHead(200, { ...versionFields(server), 'content-length': server.blob.length });
    response.write(server.blob.subarray(0, gate));
    held.push(() => response.end(server.blob.subarray(gate)));
  };
  const release = () => {
    for (const go of held.splice(0)) go();
  };
  return { fault, release };
}

export const status =
  (code: number, fields: Readonly<Record<string, string>> = {}): Fault =>
  ({ response }) =>
    void response.writeHead(code, fields).end(`${code} of the server, as a page`);

export const redirect = (location: string, code = 302): Fault => status(code, { location });
