/**
 * A TCP proxy that makes the way to a server long: each direction takes half a round trip, and a connection one more before
 * its first byte, as a handshake does. It counts the round trips that had to wait for each other.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Test } from 'tap';

/** From something that a client sent to the first byte that came back; milliseconds. */
interface RoundTrip {
  readonly sent: number;
  readonly answered: number;
}

export class RoundTripProxy {
  readonly #target: number;
  readonly #roundTrip: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #trips: RoundTrip[] = [];
  #bytes = 0;

  /** To a port of this machine; `roundTrip` in milliseconds. */
  static async start(t: Test, target: number, roundTrip: number): Promise<RoundTripProxy> {
    const proxy = new RoundTripProxy(target, roundTrip);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    t.teardown(() => proxy.stop());
    return proxy;
  }

  private constructor(target: number, roundTrip: number) {
    this.#target = target;
    this.#roundTrip = roundTrip;
    this.#server = createServer((client) => this.#join(client));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What happened since the last time. */
  take(): { readonly sequential: number; readonly requests: number; readonly bytes: number } {
    const [trips, bytes] = [this.#trips, this.#bytes];
    this.#trips = [];
    this.#bytes = 0;
    return { sequential: longestChain(trips), requests: trips.length, bytes };
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1');
    const opened = performance.now();
    this.#trips.push({ sent: opened, answered: opened + this.#roundTrip });
    const half = this.#roundTrip / 2;
    let sent: number | undefined;
    const there = delayed(server, (now) => Math.max(now, opened + this.#roundTrip) + half);
    const back = delayed(client, (now) => now + half);
    client.on('data', (bytes: Buffer) => {
      sent ??= Math.max(performance.now(), opened + this.#roundTrip);
      there(bytes);
    });
    server.on('data', (bytes: Buffer) => {
      this.#bytes += bytes.length;
      if (sent !== undefined) this.#trips.push({ sent, answered: performance.now() + half });
      sent = undefined;
      back(bytes);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay();
      socket.on('error', () => {}); // the other end is told by its close
      socket.on('close', () => {
        this.#sockets.delete(socket);
        setTimeout(() => other.end(), this.#roundTrip);
      });
    }
  }
}

/** Writes to a socket at the time that `due` says, in the order of the calls. */
function delayed(socket: Socket, due: (now: number) => number): (bytes: Buffer) => void {
  const waiting: Buffer[] = [];
  return (bytes) => {
    waiting.push(bytes);
    const now = performance.now();
    setTimeout(() => {
      const next = waiting.shift();
      if (next !== undefined && !socket.destroyed) socket.write(next);
    }, due(now) - now);
  };
}

/** The most round trips of which each began when the one before had been answered. */
function longestChain(trips: readonly RoundTrip[]): number {
  let count = 0;
  let free = 0;
  for (const { sent, answered } of [...trips].sort((a, b) => a.answered - b.answered)) {
    if (sent < free) continue;
    count += 1;
    free = answered;
  }
  return count;
}
