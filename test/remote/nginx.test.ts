/** The same with a server that others use: nginx, over HTTP/1.1, HTTP/2 and TLS. */
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { HttpOptions } from '../../src/remote/http-options.js';
import { Nginx, withoutNginx } from '../support/nginx.js';
import { Random } from '../support/random.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';
import { makeCertificates } from './certificates.js';
import { blobOf, openedBlob, same } from './opened-blob.js';

const SIZE = 3_000_000;
const skip = withoutNginx();

t.test('nginx', { skip }, async (t) => {
  const scratch = new Scratch(t);
  const certificates = makeCertificates(t, scratch);
  const nginx = await Nginx.start(t, scratch, { tls: certificates });
  const bytes = blobOf(SIZE);
  const { caFile, clientCertificateFile, clientKeyFile } = certificates;
  /** A file of its own for each test: its requests are counted. */
  const publish = (name: string) => {
    writeFileSync(join(nginx.folder, name), bytes);
    return name;
  };
  const client = { caFile, clientCertificateFile, clientKeyFile };
  const ways: readonly [string, string, (path: string) => string, HttpOptions][] = [
    ['http', 'HTTP/1.1', (path) => nginx.url(path), {}],
    ['https', 'HTTP/2.0', (path) => nginx.tlsUrl(path), { caFile }],
    ['client-certificate', 'HTTP/1.1', (path) => nginx.clientUrl(path), client],
  ];

  for (const [name, protocol, urlOf, options] of ways) {
    t.test(`${protocol}, ${name}`, async (t) => {
      const path = publish(`${name}.erofs`);
      const { read, blob, unasked, notices } = await openedBlob(t, urlOf(path), options);
      t.equal(blob.size, SIZE);
      t.match(blob.id, new RegExp(`/${path} ${SIZE}:"[0-9a-f]+-[0-9a-f]+"$`));
      t.ok(same(unasked.subarray(0, 1000), bytes.subarray(0, 1000)));
      t.ok(same(await read(0, SIZE), bytes), 'all at once');
      const random = new Random(7);
      const ranges = Array.from({ length: 200 }, () => {
        const offset = random.below(SIZE - 1);
        return { offset, length: 1 + random.below(Math.min(20_000, SIZE - offset)) };
      });
      const pieces = await Promise.all(ranges.map(({ offset, length }) => read(offset, length)));
      const wrong = ranges.filter(
        ({ offset, length }, index) => !same(pieces[index]!, bytes.subarray(offset, offset + length)),
      );
      t.same(wrong, [], '200 ranges at once');
      t.same(notices, []);
      await until(() => nginx.requests(path).length >= 202);
      const requests = nginx.requests(path);
      t.equal(requests.length, 202, 'one request each');
      t.ok(requests.every((request) => request.status === 206 && request.protocol === protocol));
      t.equal(
        requests.reduce((sum, request) => sum + request.bytes, 0),
        1000 + SIZE + ranges.reduce((sum, { length }) => sum + length, 0),
      );
      const connections = new Set(requests.map(({ connection }) => connection)).size;
      t.ok(connections <= (protocol === 'HTTP/2.0' ? 1 : 8), `${connections} connections`);
    });
  }

  t.test('a file that is replaced', async (t) => {
    for (const [name, , urlOf, options] of ways) {
      const path = publish(`replaced-${name}.erofs`);
      const { read } = await openedBlob(t, urlOf(path), options);
      const file = join(nginx.folder, path);
      writeFileSync(file, blobOf(SIZE, 2));
      utimesSync(file, 1e9, 1e9);
      await t.rejects(read(5, 10), { code: 'stale', message: /has changed/ });
      t.equal((await openedBlob(t, urlOf(path), options)).blob.size, SIZE);
    }
  });

  t.test('a file that is not there', async (t) => {
    const expected = { code: 'refused', message: /404 Not Found: there is no such blob/, status: 404 };
    for (const [, , urlOf, options] of ways) await t.rejects(openedBlob(t, urlOf('none'), options), expected);
  });

  t.test('certificates that do not fit', async (t) => {
    const path = publish('certificates.erofs');
    const tls = nginx.tlsUrl(path);
    await t.rejects(openedBlob(t, tls), {
      code: 'refused',
      message: /certificate is not trusted: give the CA/,
    });
    await t.rejects(openedBlob(t, tls.replace('localhost', '127.0.0.1'), { caFile }), {
      code: 'refused',
      message: /certificate is for another name/,
    });
    await t.rejects(openedBlob(t, nginx.clientUrl(path), { caFile }), {
      code: 'refused',
      message: /400 .*a client certificate may be missing/,
    });
    await t.rejects(openedBlob(t, nginx.url(path).replace('http:', 'https:'), { caFile }), {
      code: 'unreachable',
    });
    await t.rejects(openedBlob(t, tls, { caFile: clientKeyFile }), {
      code: 'options',
      message: /no certificate in PEM/,
    });
    await t.rejects(openedBlob(t, tls, { caFile, clientKeyFile }), {
      code: 'options',
      message: /given alone/,
    });
    await t.rejects(openedBlob(t, tls, { caFile, clientKeyFile: caFile, clientCertificateFile: caFile }), {
      code: 'options',
      message: /cannot be used for TLS/,
    });
    await t.rejects(openedBlob(t, tls, { caFile: '/nowhere/ca.pem' }), { code: 'ENOENT' });
    t.equal(nginx.requests(path).filter(({ status }) => status === 206).length, 0);
  });

  t.test('an nginx that is started again', async (t) => {
    const other = await Nginx.start(t, scratch, { directives: 'keepalive_requests 3;' });
    writeFileSync(join(other.folder, 'image'), bytes);
    const { read } = await openedBlob(t, other.url('image'));
    for (let offset = 0; offset < 100_000; offset += 10_000) {
      t.ok(same(await read(offset, 10_000), bytes.subarray(offset, offset + 10_000)));
    }
    await other.stop();
    await t.rejects(read(0, 10), { code: 'unreachable', message: /ECONNREFUSED/ });
  });

  t.test('connections of HTTP/2 that the server ends after a few requests', async (t) => {
    const other = await Nginx.start(t, scratch, { tls: certificates, directives: 'keepalive_requests 30;' });
    writeFileSync(join(other.folder, 'image'), bytes);
    const { read } = await openedBlob(t, other.tlsUrl('image'), { caFile, limits: { tries: 10 } });
    for (let round = 0; round < 5; round++) {
      const offsets = Array.from({ length: 20 }, (_, index) => index * 100_000 + round);
      const pieces = await Promise.all(offsets.map((offset) => read(offset, 50_000)));
      const wrong = offsets.filter(
        (offset, index) => !same(pieces[index]!, bytes.subarray(offset, offset + 50_000)),
      );
      t.same(wrong, []);
    }
  });

  t.test('Range switched off', async (t) => {
    const other = await Nginx.start(t, scratch, { tls: certificates, directives: 'max_ranges 0;' });
    writeFileSync(join(other.folder, 'image'), bytes);
    for (const url of [other.url('image'), other.tlsUrl('image')]) {
      const { read, unasked, notices } = await openedBlob(t, url, { caFile });
      t.ok(same(await read(SIZE - 10, 10), bytes.subarray(SIZE - 10)));
      t.ok(same(unasked, bytes));
      t.same(
        notices.map(({ code }) => code),
        ['no-range'],
      );
    }
    await until(() => other.requests('image').length >= 2);
    t.equal(other.requests('image').length, 2, 'each read once');
  });
});
