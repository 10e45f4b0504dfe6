/** Where redirects may lead, what is sent there, and what becomes of signed URLs. */
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { isPrivateHost } from '../../src/remote/private-address.js';
import { Scratch } from '../support/scratch.js';
import { type Fault, FaultServer } from './fault-server.js';
import * as faults from './faults.js';
import { blobOf, openedBlob, same } from './opened-blob.js';

const SIZE = 50_000;
const SECRETS = /sesame|Bearer|alice|cGFzcw|key-of-mine|signed/;
const scratch = new Scratch(t);

t.test('each kind of redirect keeps the range, and is followed once for all', async (t) => {
  for (const code of [301, 302, 303, 307, 308]) {
    const store = await FaultServer.start(t, blobOf(SIZE));
    const server = await FaultServer.start(t, store.blob);
    server.always = faults.redirect(store.url('/there?signed=1'), code);
    const { read, blob } = await openedBlob(t, server.url());
    t.ok(same(await read(100, 1000), store.blob.subarray(100, 1100)));
    t.same(store.ranges, ['bytes=0-999', 'bytes=100-1099'], String(code));
    t.equal(server.seen.length, 1, 'where it leads is remembered');
    t.equal(blob.name, server.url());
  }
});

t.test('credentials go to the host that the user named and nowhere else', async (t) => {
  const tokenFile = scratch.file('token', 'open-sesame\n');
  const headerFile = scratch.file('headers', '# mine\nX-Api-Key: key-of-mine\nCookie: alice=1\n');
  const other = await FaultServer.start(t, blobOf(SIZE));
  const server = await FaultServer.start(t, other.blob);
  server.faults.push(faults.redirect('/second'), faults.redirect(other.url('/third')));
  other.faults.push(faults.redirect(server.url('/fourth')));
  await openedBlob(t, server.url(), { tokenFile, headerFile });
  const [first, second, fourth] = server.seen;
  for (const seen of [first, second]) {
    t.equal(seen?.headers.authorization, 'Bearer open-sesame');
    t.equal(seen?.headers['x-api-key'], 'key-of-mine');
    t.equal(seen?.headers.cookie, 'alice=1');
  }
  t.equal(other.seen.length, 1);
  t.notMatch(JSON.stringify(other.seen[0]?.headers), SECRETS, 'another port is another host');
  t.equal(fourth?.path, '/fourth');
  t.notMatch(JSON.stringify(fourth?.headers), SECRETS, 'nor do they come back with a way over another host');
  const byName = await FaultServer.start(t, other.blob);
  byName.faults.push(faults.redirect(byName.url('/there', 'localhost')));
  await openedBlob(t, byName.url(), { tokenFile });
  t.match(byName.seen[1]?.host, /^localhost:/);
  t.notMatch(JSON.stringify(byName.seen[1]?.headers), SECRETS, 'another name is another host');
});

t.test('a user and a password in the URL', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { blob } = await openedBlob(t, server.url().replace('//', '//alice:sesame%40@'));
  t.equal(server.seen[0]?.headers.authorization, `Basic ${Buffer.from('alice:sesame@').toString('base64')}`);
  t.notMatch(blob.name + blob.id, SECRETS);
  await t.rejects(openedBlob(t, 'http://a:%ff@127.0.0.1/'), { code: 'options', message: /not valid/ });
});

t.test('a signed URL that expires is resolved again', async (t) => {
  for (const code of [400, 401, 403, 404, 410]) {
    const store = await FaultServer.start(t, blobOf(SIZE));
    const server = await FaultServer.start(t, store.blob);
    let valid = 1;
    server.always = (exchange) => faults.redirect(store.url(`/blob?signed=${valid}`))(exchange);
    const checkSignature: Fault = (exchange) => {
      const isValid = exchange.request.url === `/blob?signed=${valid}`;
      return (isValid ? faults.withFields({}) : faults.status(code))(exchange);
    };
    store.always = checkSignature;
    const { read } = await openedBlob(t, server.url());
    valid = 2;
    t.ok(same(await read(100, 1000), store.blob.subarray(100, 1100)), String(code));
    t.equal(server.seen.length, 2);
    store.always = faults.status(code);
    await t.rejects(read(0, 10), { code: 'refused', message: new RegExp(`answered ${code}`) });
    t.equal(server.seen.length, 3, 'once');
    store.always = checkSignature;
    t.ok(same(await read(0, 10), store.blob.subarray(0, 10)));
  }
});

t.test('a host that was led to and died is left for where the user sends us next', async (t) => {
  const first = await FaultServer.start(t, blobOf(SIZE));
  const second = await FaultServer.start(t, first.blob);
  const server = await FaultServer.start(t, first.blob);
  server.faults.push(faults.redirect(first.url()));
  server.always = faults.redirect(second.url());
  const { read } = await openedBlob(t, server.url());
  await first.stop();
  t.ok(same(await read(0, SIZE), first.blob));
});

t.test('too many redirects, and a circle over two hosts', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { faults: planned } = server;
  for (let step = 1; step <= 10; step++) planned.push(faults.redirect(`/${step}?signed=x`));
  const { blob } = await openedBlob(t, server.url());
  t.equal(blob.size, SIZE, 'ten are followed');
  for (let step = 1; step <= 11; step++) planned.push(faults.redirect(`/${step}?signed=x`));
  const long = await openedBlob(t, server.url()).catch((error) => error);
  t.match(long, { code: 'protocol', message: /more than 10 times: .*image\.erofs -> .*\/1 -> … -> .*\/11/ });
  t.notMatch(long.message, SECRETS);
  const other = await FaultServer.start(t, server.blob);
  server.always = faults.redirect(other.url());
  other.always = faults.redirect(server.url());
  await t.rejects(openedBlob(t, server.url()), { code: 'protocol', message: /in a circle: .* -> .* -> / });
});

t.test('credentials that are renewed in their file while the blob is open', async (t) => {
  const tokenFile = scratch.file('token', 'old');
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { read } = await openedBlob(t, server.url(), { tokenFile });
  server.always = (exchange) =>
    (exchange.request.headers.authorization === 'Bearer new' ? faults.withFields({}) : faults.status(401))(
      exchange,
    );
  await t.rejects(read(0, 10), {
    code: 'refused',
    message: /401 Unauthorized: it wants to know who asks/,
    status: 401,
  });
  writeFileSync(tokenFile, 'new');
  t.ok(same(await read(0, 10), server.blob.subarray(0, 10)));
});

t.test('no error tells a secret', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  server.always = faults.redirect('/image.erofs?signed=sesame');
  const url = server.url('/image.erofs?signed=sesame').replace('//', '//alice:cGFzcw@');
  const failed = await openedBlob(t, url, { headers: { 'x-api-key': 'key-of-mine' } }).catch(
    (error) => error,
  );
  t.match(failed, { name: 'RemoteError', code: 'protocol' });
  t.notMatch(`${failed.stack} ${JSON.stringify(failed)} ${failed.cause}`, SECRETS);
});

t.test('which hosts are private', async (t) => {
  const hosts = [
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '192.168.0.1',
    '172.31.0.1',
    '[::1]',
    '[fd00::1]',
    '[::ffff:127.0.0.1]',
    'localhost',
    'a.localhost',
    '0.0.0.0',
    '[fe80::1]',
    '100.64.0.1',
  ];
  for (const host of hosts) t.equal(await isPrivateHost(host), true, host);
  for (const host of [
    '203.0.113.5',
    '172.32.0.1',
    '8.8.8.8',
    '[2001:db8::1]',
    '[::ffff:8.8.8.8]',
    'blob.invalid',
  ]) {
    t.equal(await isPrivateHost(host), false, host);
  }
});
