/** Proxies of the environment; through one, a public address can be had on one machine, too. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import t from 'tap';
import { Scratch } from '../support/scratch.js';
import { makeCertificates } from './certificates.js';
import { FaultServer } from './fault-server.js';
import * as faults from './faults.js';
import { blobOf, openedBlob, same } from './opened-blob.js';
import { withProxy } from './proxy-environment.js';

const SIZE = 50_000;
t.test('http through a proxy, which sees the whole URL', async (t) => {
  const proxy = await FaultServer.start(t, blobOf(SIZE));
  withProxy(t, { http_proxy: `http://name:sesame@127.0.0.1:${proxy.port}` });
  const { read, blob } = await openedBlob(t, 'http://203.0.113.5/image.erofs', { token: 'for-the-server' });
  t.ok(same(await read(10, 1000), proxy.blob.subarray(10, 1010)));
  t.match(proxy.seen[0], { path: 'http://203.0.113.5/image.erofs', host: '203.0.113.5' });
  t.equal(
    proxy.seen[0]?.headers['proxy-authorization'],
    `Basic ${Buffer.from('name:sesame').toString('base64')}`,
  );
  t.equal(proxy.seen[0]?.headers.authorization, 'Bearer for-the-server');
  t.notMatch(blob.id + blob.name, /sesame/);
});

t.test('a proxy that wants a password, one that is not there, one that is none', async (t) => {
  const proxy = await FaultServer.start(t, blobOf(SIZE));
  proxy.always = faults.status(407);
  withProxy(t, { http_proxy: proxy.url('') });
  await t.rejects(openedBlob(t, 'http://203.0.113.5/a'), {
    code: 'refused',
    message: /the proxy does not let it through: .*407.* a user and a password/,
  });
  const status = await openedBlob(t, 'http://203.0.113.5/a').catch((error) => error.status);
  t.equal(status, undefined, 'it is the proxy that says so, not the server');
  await proxy.stop();
  await t.rejects(openedBlob(t, 'http://203.0.113.5/a'), { code: 'unreachable', message: /ECONNREFUSED/ });
  process.env.http_proxy = 'http://na me:sesame@[';
  const failed = await openedBlob(t, 'http://203.0.113.5/a').catch((error) => error);
  t.match(failed, { name: 'RemoteError', code: 'options', message: /http_proxy/ });
  t.notMatch(failed.stack, /sesame/);
});

t.test('no_proxy', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  withProxy(t, { http_proxy: 'http://127.0.0.1:9', no_proxy: 'example.org,127.0.0.1' });
  t.equal((await openedBlob(t, server.url())).blob.size, SIZE);
});

t.test('https goes through a tunnel', async (t) => {
  const certificates = makeCertificates(t, new Scratch(t));
  const server = await FaultServer.start(t, blobOf(SIZE), { tls: certificates.server });
  const asked: string[] = [];
  const proxy = createServer().listen(0, '127.0.0.1');
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    const onward = connect(server.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    for (const end of [socket, onward]) end.on('error', () => {});
  });
  await once(proxy, 'listening');
  t.teardown(() => proxy.close());
  withProxy(t, { https_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` });
  const { read } = await openedBlob(t, 'https://localhost/image.erofs', { caFile: certificates.caFile });
  t.ok(same(await read(0, SIZE), server.blob));
  t.same(asked, ['localhost:443']);
  t.notMatch(JSON.stringify(server.seen), /proxy/);
});

t.test('a public server does not lead to private addresses', async (t) => {
  const proxy = await FaultServer.start(t, blobOf(SIZE));
  const hidden = await FaultServer.start(t, proxy.blob);
  withProxy(t, { http_proxy: proxy.url(''), no_proxy: '127.0.0.1,internal.localhost,ip6-localhost' });
  const refusal = { code: 'refused', message: /a public server leads to .*private network/ };
  for (const target of ['http://169.254.169.254/meta', 'http://[::1]/', 'http://localhost/', hidden.url()]) {
    proxy.always = faults.redirect(target);
    await t.rejects(openedBlob(t, 'http://203.0.113.5/a'), refusal, target);
  }
  t.equal(hidden.seen.length, 0);
  proxy.always = faults.redirect(hidden.url());
  const { blob } = await openedBlob(t, 'http://203.0.113.5/a', { allowPrivateRedirects: true });
  t.equal(blob.size, SIZE, 'unless that is allowed');
});

t.test('nor by a name that stands for one', async (t) => {
  const proxy = await FaultServer.start(t, blobOf(SIZE));
  const hidden = await FaultServer.start(t, proxy.blob);
  withProxy(t, { http_proxy: proxy.url(''), no_proxy: 'ip6-localhost' });
  proxy.always = faults.redirect(hidden.url('/', 'ip6-localhost'));
  const { lookup } = await import('node:dns/promises');
  const known = await lookup('ip6-localhost').then(
    () => true,
    () => false,
  );
  if (!known) return t.pass('this machine has no second name for itself');
  await t.rejects(openedBlob(t, 'http://203.0.113.5/a'), {
    code: 'refused',
    message: /a public server leads to ip6-localhost/,
  });
});
