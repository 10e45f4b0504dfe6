/**
 * A TCP proxy that makes the way to a server long and narrow, without root: a round trip, and a bandwidth that all connections
 * share, as one link has it. A connection costs a round trip before its first byte, as a handshake does.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Link {
  /** milliseconds */
  readonly roundTrip: number;
  /** towards the client, MB (10⁶ bytes) a second */
  readonly bandwidth: number;
}

/** Bytes that may wait on their way to one client before its server is held back. */
const WINDOW = 4 << 20;

export class ShapingProxy {
  readonly #target: number;
  readonly #link: Link;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** when the link has carried all that was given to it; milliseconds */
  #free = 0;
  #bytes = 0;

  /** To a port of this machine. */
  static async start(target: number, link: Link): Promise<ShapingProxy> {
    const proxy = new ShapingProxy(target, link);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(target: number, link: Link) {
    this.#target = target;
    this.#link = link;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#join(client));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Bytes towards clients since the last call. */
  takeBytes(): number {
    const bytes = this.#bytes;
    this.#bytes = 0;
    return bytes;
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(client: Socket): void {
    const server = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
    const half = this.#link.roundTrip / 2;
    const opened = performance.now() + this.#link.roundTrip;
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay();
      socket.on('error', () => {}); // its close tells the other end
      socket.on('close', () => this.#sockets.delete(socket));
    }
    const there = new Delayed(server, client);
    const back = new Delayed(client, server);
    client.on('data', (bytes: Buffer) => there.send(bytes, Math.max(performance.now(), opened) + half));
    client.on('end', () => there.end());
    server.on('data', (bytes: Buffer) => {
      this.#bytes += bytes.length;
      this.#free = Math.max(performance.now(), this.#free) + bytes.length / (this.#link.bandwidth * 1000);
      back.send(bytes, this.#free + half);
    });
    server.on('end', () => back.end());
    client.on('close', () => server.destroy());
    server.on('close', (isBroken) => (isBroken ? client.destroy() : back.end()));
  }
}

/** What is on its way to `socket`, in order; `from` is held back while too much is. */
class Delayed {
  readonly #socket: Socket;
  readonly #from: Socket;
  readonly #waiting: { readonly bytes: Buffer; readonly due: number }[] = [];
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  #ends = false;

  constructor(socket: Socket, from: Socket) {
    this.#socket = socket;
    this.#from = from;
    socket.on('drain', () => this.#flow());
    socket.on('close', () => clearTimeout(this.#timer));
  }

  /** `due`: milliseconds of performance.now(), never before what was sent before. */
  send(bytes: Buffer, due: number): void {
    this.#waiting.push({ bytes, due });
    this.#size += bytes.length;
    this.#flow();
  }

  end(): void {
    this.#ends = true;
    this.#flow();
  }

  #flow(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#socket.destroyed || this.#socket.writableNeedDrain) break;
      if (next.due > now) {
        this.#timer = setTimeout(() => this.#flow(), next.due - now);
        break;
      }
      this.#waiting.shift();
      this.#size -= next.bytes.length;
      this.#socket.write(next.bytes);
    }
    if (this.#size > WINDOW || this.#socket.writableNeedDrain) this.#from.pause();
    else this.#from.resume();
    if (this.#ends && this.#waiting.length === 0) this.#socket.end();
  }
}
