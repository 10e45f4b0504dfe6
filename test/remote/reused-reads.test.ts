/** Reads in one piece of memory: every byte right, whoever is slow and wherever answers are cut. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { openHttpBlob } from '../../src/remote/http-blob.js';
import type { Landing, RemoteBlob } from '../../src/remote/remote-blob.js';
import { SocketReads } from '../../src/remote/reused-reads.js';
import { Random } from '../support/random.js';
import { until } from '../support/until.js';

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
  const reads = new SocketReads();
  const socket = connect({ port, host: '127.0.0.1', onread: reads.onread });
  t.teardown(() => socket.destroy());
  reads.adopt(socket);
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

interface Sent {
  readonly body: Uint8Array;
  /** comes behind the body, with its last bytes */
  readonly behind?: string;
  /** of the body, what is sent before the connection is cut, or before nothing more comes */
  readonly cut?: number;
  readonly stop?: number;
}

/** Answers ranges of `bytes`; counts its connections. */
async function serveRanges(t: Test, sent: (first: number, body: Uint8Array) => Sent) {
  const seen = { connections: 0, url: '' };
  const port = await serve(t, (socket) => {
    seen.connections++;
    socket.on('data', (request) => {
      const [, first, last] = /bytes=(\d+)-(\d+)/.exec(request.toString('latin1'))!.map(Number);
      const { body, behind = '', cut, stop } = sent(first!, bytes.subarray(first, last! + 1));
      socket.write(
        `HTTP/1.1 206 Partial Content\r\nContent-Length: ${body.length}\r\nETag: "v1"\r\n` +
          `Content-Range: bytes ${first}-${last}/${bytes.length}\r\n\r\n`,
      );
      if (cut !== undefined) socket.end(body.subarray(0, cut));
      else socket.write(Buffer.concat([body.subarray(0, stop), Buffer.from(behind)]));
    });
  });
  seen.url = `http://127.0.0.1:${port}/blob`;
  return seen;
}

async function opened(t: Test, url: string): Promise<RemoteBlob> {
  const blob = await openHttpBlob(url, { limits: { pause: 1 } });
  t.teardown(() => blob.close());
  return blob;
}

const SIZE = 700_000;

/** Memory for all of `bytes`. */
class Whole implements Landing {
  readonly memory = new Uint8Array(new SharedArrayBuffer(bytes.length));
  /** bytes that came another way */
  copied = 0;
  leavings = 0;

  room(at: number, shared: Uint8Array): Uint8Array {
    return this.memory.subarray(at, at + shared.length);
  }

  left(): void {
    this.leavings++;
  }

  async fetch(blob: RemoteBlob, offset: number, signal?: AbortSignal, landed = () => {}): Promise<void> {
    const take = (at: number, piece: Uint8Array): void => {
      if (piece.buffer === this.memory.buffer && piece.byteOffset === at) {
        landed();
        return;
      }
      this.memory.set(piece, at);
      this.copied += piece.length;
    };
    await blob.fetch({ offset, length: SIZE }, take, { landing: () => this, signal });
  }

  /** Whether it has so many bytes, and none behind them. */
  hasFirst(count: number): boolean {
    const [has, behind] = [this.memory.subarray(0, count), this.memory.subarray(count)];
    return Buffer.compare(has, bytes.subarray(0, count)) === 0 && behind.every((byte) => byte === 0);
  }
}

t.test('bodies are read to where they are wanted, one after the other on one connection', async (t) => {
  const seen = await serveRanges(t, (_, body) => ({ body }));
  const blob = await opened(t, seen.url);
  const landing = new Whole();
  for (let number = 0; number < 4; number++) await landing.fetch(blob, number * SIZE);
  t.ok(landing.hasFirst(4 * SIZE));
  t.ok(landing.copied <= 4 * 64 * 1024, `${landing.copied} bytes came with the fields`);
  t.equal(landing.leavings, 4, 'each answer leaves the memory');
  t.equal(seen.connections, 1);
});

t.test('a body that is cut comes to its end with another answer', async (t) => {
  let answers = 0;
  const seen = await serveRanges(t, (_, body) => ({ body, ...(++answers === 2 && { cut: 300_001 }) }));
  const landing = new Whole();
  await landing.fetch(await opened(t, seen.url), 0);
  t.ok(landing.hasFirst(SIZE));
  t.equal(answers, 3, 'one to open it, and two');
});

t.test('nothing behind the end of a body is read into its memory', async (t) => {
  const seen = await serveRanges(t, (_, body) => ({ body, behind: 'HTTP/1.1 206 Stray\r\n\r\n' }));
  const blob = await opened(t, seen.url);
  const landing = new Whole();
  await landing.fetch(blob, 0);
  t.ok(landing.hasFirst(SIZE));
  await landing.fetch(blob, SIZE);
  t.ok(landing.hasFirst(2 * SIZE), 'and who sends it is asked again by another connection');
  t.ok(seen.connections > 1);
});

t.test('who gives up leaves the memory, and so does a connection that ends', async (t) => {
  const seen = await serveRanges(t, (first, body) => ({ body, ...(first > 0 && { stop: 300_000 }) }));
  const blob = await opened(t, seen.url);
  const controller = new AbortController();
  const landing = new Whole();
  const giveUp = () => controller.abort(new Error('enough'));
  await t.rejects(landing.fetch(blob, SIZE, controller.signal, giveUp), { message: 'enough' });
  t.ok(await until(() => landing.leavings === 1));
  await landing.fetch(blob, 0);
  t.equal(landing.leavings, 2);
  t.equal(Buffer.compare(landing.memory.subarray(0, SIZE), bytes.subarray(0, SIZE)), 0);
});
