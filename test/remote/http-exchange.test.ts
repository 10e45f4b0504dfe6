/** One request with its whole answer: what is tried again, what is too long, where credentials go. */
import t, { type Test } from 'tap';
import { type ExchangeOptions, type ExchangeRequest, exchange } from '../../src/remote/http-exchange.js';
import { HTTP_LIMITS, type HttpLimits } from '../../src/remote/http-options.js';
import { HttpTransport } from '../../src/remote/http-transport.js';
import { type Fault, FaultServer, refusingUrl } from './fault-server.js';
import * as faults from './faults.js';
import { blobOf, QUICK, same } from './opened-blob.js';

const SIZE = 100_000;

function exchanger(t: Test, some: Partial<HttpLimits> = {}) {
  const limits = { ...HTTP_LIMITS, ...QUICK, ...some };
  const transport = new HttpTransport({}, limits);
  t.teardown(() => transport.close());
  return (
    url: string,
    request: Partial<ExchangeRequest> = {},
    signal: AbortSignal = new AbortController().signal,
    options: Partial<ExchangeOptions> = {},
  ) => exchange({ method: 'GET', url: new URL(url), ...request }, { transport, limits, ...options }, signal);
}

/** Tells what came: the method, the type and the body. */
const echo: Fault = ({ request, response }) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text) => {
    body += text;
  });
  request.on('end', () => response.end(`${request.method} ${request.headers['content-type']} ${body}`));
};

t.test('whole answers, of every method', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const ask = exchanger(t);
  const got = await ask(server.url());
  t.equal(got.status, 200);
  t.ok(same(got.body, server.blob));
  t.match(server.seen[0]?.headers, { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'erofsjs' });
  const head = await ask(server.url(), { method: 'HEAD' });
  t.same([head.status, head.fields['content-length'], head.body.length], [200, String(SIZE), 0]);
  server.always = echo;
  const fields = { 'content-type': 'text/x' };
  const posted = await ask(server.url(), { method: 'POST', fields, body: 'a=b' });
  t.equal(Buffer.from(posted.body).toString(), 'POST text/x a=b');
});

t.test('statuses are answers; those that may change are asked for again first', async (t) => {
  const server = await FaultServer.start(t, blobOf(10));
  const ask = exchanger(t);
  for (const status of [400, 401, 403, 404, 501]) {
    server.faults.push(faults.status(status));
    t.equal((await ask(server.url())).status, status);
  }
  t.equal(server.seen.length, 5, 'once each');
  server.faults.push(faults.status(503), faults.status(429));
  t.equal((await ask(server.url())).status, 200);
  t.equal(server.seen.length, 8);
  server.always = faults.status(500);
  t.equal((await ask(server.url())).status, 500);
  t.equal(server.seen.length, 11, 'three times');
});

t.test('connections that fail', async (t) => {
  const ask = exchanger(t);
  await t.rejects(ask(await refusingUrl()), { name: 'FetchFailure', code: 'unreachable', transient: true });
  const server = await FaultServer.start(t, blobOf(SIZE));
  const cut: Fault = ({ response }) => {
    response.writeHead(200, { 'content-length': SIZE }).write('half');
    setImmediate(() => response.destroy());
  };
  server.faults.push(cut);
  t.ok(same((await ask(server.url())).body, server.blob), 'half an answer is none');
  server.always = ({ response }) => void response.writeHead(200).write('x');
  const slow = exchanger(t, { deadline: 200 });
  await t.rejects(slow(server.url()), { code: 'unreachable', message: /took longer than 0.2 s/ });
  const abort = new AbortController();
  const given = ask(server.url(), {}, abort.signal);
  abort.abort(new Error('enough'));
  await t.rejects(given, { message: 'enough' });
  await t.rejects(ask(server.url(), {}, abort.signal), { message: 'enough' });
});

t.test('no answer is longer than it may be', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const ask = exchanger(t);
  t.equal((await ask(server.url(), { limit: SIZE })).body.length, SIZE);
  const tooLong = { code: 'protocol', message: /more than the 99999 bytes that are allowed/ };
  await t.rejects(ask(server.url(), { limit: SIZE - 1 }), tooLong);
  server.blob = new Uint8Array(4 * 1024 * 1024 + 1);
  await t.rejects(ask(server.url()), { code: 'protocol' }, 'four MiB where nothing is said');
});

t.test('an answer that is encoded is not what it stands for', async (t) => {
  const server = await FaultServer.start(t, blobOf(10));
  server.always = ({ response }) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('xx');
  await t.rejects(exchanger(t)(server.url()), { code: 'protocol', message: /encoded \(gzip\)/ });
});

t.test('redirects: credentials stay where they were meant to go', async (t) => {
  const other = await FaultServer.start(t, blobOf(SIZE));
  const server = await FaultServer.start(t, blobOf(10));
  const ask = exchanger(t);
  const credentials = { authorization: 'Bearer sesame', 'x-key': 'sesame' };
  const fields = { accept: 'text/x' };
  server.faults.push(faults.redirect('/next'), faults.redirect(other.url('/there')));
  const { body } = await ask(server.url(), { credentials, fields });
  t.ok(same(body, other.blob));
  for (const seen of server.seen) t.match(seen.headers, { ...credentials, ...fields });
  t.match(other.seen[0]?.headers, fields);
  t.notMatch(JSON.stringify(other.seen), /sesame/);
  server.faults.push(faults.redirect(other.url('/there')));
  await t.rejects(ask(server.url(), { method: 'POST', body: 'sesame' }), {
    code: 'protocol',
    message: /a POST is not sent to another place/,
  });
  t.equal(other.seen.length, 1);
  server.always = faults.redirect('/image.erofs');
  await t.rejects(ask(server.url()), { code: 'protocol', message: /in a circle/ });
});

t.test('a guarded request does not go to a private address', async (t) => {
  const server = await FaultServer.start(t, blobOf(10));
  await t.rejects(exchanger(t)(server.url('/a', 'localhost'), { guarded: true }), {
    code: 'refused',
    message: /a public server leads to localhost/,
  });
  t.equal(server.seen.length, 0);
});
