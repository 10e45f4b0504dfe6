/** Below HTTP: TLS that is cut off, and servers that speak something else. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { Scratch } from '../support/scratch.js';
import { makeCertificates } from './certificates.js';
import { FaultServer } from './fault-server.js';
import * as faults from './faults.js';
import { blobOf, openedBlob, same } from './opened-blob.js';

const SIZE = 200_000;
const certificates = makeCertificates(t, new Scratch(t));
const { caFile } = certificates;

/** A port that treats each connection so. */
async function listen(t: Test, treat: (socket: Socket, count: number) => void): Promise<number> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    treat(socket, ++count);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

t.test('TLS that ends in the middle of the bytes', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE), { tls: certificates.server });
  // ends the TCP connection without the farewell of TLS after so many bytes of ciphertext
  let limit = Number.POSITIVE_INFINITY;
  const port = await listen(t, (socket) => {
    const onward = connect(server.port, '127.0.0.1');
    onward.on('error', () => {});
    socket.pipe(onward);
    let passed = 0;
    onward.on('data', (bytes: Buffer) => {
      socket.write(bytes.subarray(0, Math.max(0, limit - passed)));
      passed += bytes.length;
      if (passed >= limit) for (const end of [socket, onward]) end.end().destroySoon();
    });
    onward.on('close', () => socket.destroy());
  });
  const { read } = await openedBlob(t, `https://localhost:${port}/image.erofs`, { caFile });
  const { read: readLimited } = await openedBlob(t, `https://localhost:${port}/image.erofs`, { caFile });
  limit = 60_000;
  t.ok(same(await read(0, SIZE), server.blob), 'it goes on where it was cut');
  limit = 700;
  await t.rejects(readLimited(0, SIZE), { code: 'unreachable' }, 'and ends where nothing comes through');
  limit = Number.POSITIVE_INFINITY;
  t.ok(same(await readLimited(0, SIZE), server.blob));
});

t.test('TLS that is cut off or stays silent before it begins', async (t) => {
  const cut = await listen(t, (socket) =>
    socket.once('data', () => socket.end(Buffer.from('160303', 'hex'))),
  );
  await t.rejects(openedBlob(t, `https://localhost:${cut}/a`, { caFile }), { code: 'unreachable' });
  const silent = await listen(t, () => {});
  await t.rejects(openedBlob(t, `https://localhost:${silent}/a`, { caFile, limits: { stall: 100 } }), {
    code: 'unreachable',
    message: /no byte came for 0.1 s/,
  });
});

t.test('servers that speak something else', async (t) => {
  const banner = await listen(t, (socket) => socket.end('SSH-2.0-server\r\n'));
  await t.rejects(openedBlob(t, `http://127.0.0.1:${banner}/a`), {
    code: 'protocol',
    message: /does not speak HTTP/,
  });
  await t.rejects(openedBlob(t, `https://localhost:${banner}/a`, { caFile }), {
    code: 'unreachable',
    message: /SSL|TLS/,
  });
  const tls = await FaultServer.start(t, blobOf(SIZE), { tls: certificates.server });
  await t.rejects(openedBlob(t, `http://127.0.0.1:${tls.port}/a`), { name: 'RemoteError' });
  for (const url of ['ftp://host/a', 'not a URL', 'https://', '/a/file']) {
    await t.rejects(
      openedBlob(t, url),
      { code: 'options', message: /http:\/\/ or https:\/\/ was expected/ },
      url,
    );
  }
});

t.test('from https to http', async (t) => {
  const plain = await FaultServer.start(t, blobOf(SIZE));
  const server = await FaultServer.start(t, plain.blob, { tls: certificates.server });
  server.always = faults.redirect(plain.url());
  const { read, notices } = await openedBlob(t, server.url('/a', 'localhost'), { caFile, token: 'sesame' });
  t.ok(same(await read(0, SIZE), plain.blob));
  t.same(
    notices.map(({ code }) => code),
    ['insecure'],
  );
  t.notMatch(JSON.stringify(plain.seen), /sesame/);
});
