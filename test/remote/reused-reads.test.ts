/** Reads in one piece of memory: every byte right, whoever is slow and wherever answers are cut. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { openHttpBlob } from '../../src/remote/http-blob.js';
import { adoptReads, REUSED_READS } from '../../src/remote/reused-reads.js';
import { Random } from '../support/random.js';

const bytes = new Random(4).bytes(3_000_000);

/** A server on a loopback port. */
async function serve(t: Test, answer: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}); // the client may leave first
    answer(socket);
  }).listen(0, '127.0.0.1');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function connected(t: Test, port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', ...REUSED_READS });
  t.teardown(() => socket.destroy());
  adoptReads(socket);
  await once(socket, 'connect');
  return socket;
}

t.test('who reads at once gets every byte, and then the end', async (t) => {
  const socket = await connected(t, await serve(t, (peer) => peer.end(bytes)));
  const got = Buffer.alloc(bytes.length);
  const memories = new Set<unknown>();
  let length = 0;
  socket.on('readable', () => {
    for (let piece: Buffer | null = socket.read(); piece !== null; piece = socket.read()) {
      if (piece.length >= 32 * 1024) memories.add(piece.buffer);
      got.set(piece, length);
      length += piece.length;
    }
  });
  await once(socket, 'end');
  t.equal(length, bytes.length);
  t.equal(Buffer.compare(got, bytes), 0);
  t.equal(memories.size, 1, 'large pieces come in the same memory');
});

t.test('so do those who read late, and not from the memory that others read to', async (t) => {
  const contents = [bytes, bytes.toReversed()];
  let peers = 0;
  const port = await serve(t, (peer) => peer.end(contents[peers++]!));
  for (const [i, socket] of [await connected(t, port), await connected(t, port)].entries()) {
    const reading = readLate(socket, contents[i]!.length);
    t.equal(Buffer.compare(await reading, contents[i]!), 0);
  }
});

/** Looks only now and then whether something has come. */
async function readLate(socket: Socket, length: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let read = 0; read < length; await sleep(1)) {
    const piece: Buffer | null = socket.read();
    if (piece === null) continue;
    pieces.push(Buffer.from(piece));
    read += piece.length;
  }
  return Buffer.concat(pieces);
}

t.test('answers that are cut within their fields', async (t) => {
  const port = await serve(t, (socket) => {
    socket.on('data', async (request) => {
      const [, first, last] = /bytes=(\d+)-(\d+)/.exec(request.toString('latin1'))!.map(Number);
      const body = bytes.subarray(first, last! + 1);
      const head = Buffer.from(
        `HTTP/1.1 206 Partial Content\r\nContent-Length: ${body.length}\r\nX-Padding: ${'p'.repeat(9000)}\r\n` +
          `Content-Range: bytes ${first}-${first! + body.length - 1}/${bytes.length}\r\nETag: "v1"\r\n\r\n`,
      );
      const cut = head.indexOf('Range: bytes') + 2;
      socket.write(head.subarray(0, cut));
      await sleep(10);
      socket.write(Buffer.concat([head.subarray(cut), body]));
    });
  });
  const blob = await openHttpBlob(`http://127.0.0.1:${port}/blob`);
  t.teardown(() => blob.close());
  t.match(JSON.parse(blob.version), { etag: '"v1"' });
  for (const offset of [0, 1, 700_000]) {
    const got = Buffer.alloc(1_000_000);
    await blob.fetch({ offset, length: got.length }, (at, piece) => got.set(piece, at - offset));
    t.equal(Buffer.compare(got, bytes.subarray(offset, offset + got.length)), 0);
  }
});
