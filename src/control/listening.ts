/** Where a mount listens: on a socket in its user's folder, and on a port where it is told to. */
import { chmodSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect, type ListenOptions } from 'node:net';
import { join } from 'node:path';
import { answer, answerMetrics } from './answers.js';
import { openControlDirectory } from './control-directory.js';
import { ControlError } from './control-error.js';
import type { ControlledMount } from './controlled-mount.js';
import { httpServer } from './http-server.js';
import { addressText, type MetricsAddress } from './metrics-address.js';

export interface Listening {
  /** the socket's path, or host and port */
  readonly address: string;
  close(): void;
}

/** Names for one process: where two of separate containers share a folder, they may have the same number. */
const NAMES = 9;

/** Rejects with ControlError, or the system's error. */
export async function listenOnSocket(mount: ControlledMount): Promise<Listening> {
  const directory = openControlDirectory();
  for (let name = 1; name <= NAMES; name++) {
    const path = join(directory, name === 1 ? `${process.pid}.sock` : `${process.pid}-${name}.sock`);
    if (await hasListener(path)) continue;
    // what a process of the same number left
    rmSync(path, { force: true });
    const server = httpServer(mount, answer);
    await listen(server, { path });
    chmodSync(path, 0o600);
    return { address: path, close: () => end(server) };
  }
  throw new ControlError(
    'no-socket',
    `${directory}: all names for process ${process.pid} are taken; remove them`,
  );
}

/** Serves /metrics alone. Rejects with ControlError 'no-socket', which says what to do. */
export async function listenForMetrics(mount: ControlledMount, wanted: MetricsAddress): Promise<Listening> {
  const server = httpServer(mount, answerMetrics);
  try {
    await listen(server, wanted);
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const reason = REASONS[code] ?? `${(cause as Error).message}; choose another address`;
    throw new ControlError('no-socket', `--metrics ${addressText(wanted)}: ${reason}`, { cause });
  }
  const { port } = server.address() as { port: number };
  return { address: addressText({ ...wanted, port }), close: () => end(server) };
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'somebody else listens there; choose another port, or 0 for one that is free',
  EACCES: 'ports below 1024 are for root; choose another port',
  EADDRNOTAVAIL: 'this machine has no such address; choose one of its own, or 0.0.0.0 for all',
  ENOTFOUND: 'there is no host of that name; give an address',
};

function listen(server: Server, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function end(server: Server): void {
  // removes the socket
  server.close();
  server.closeAllConnections();
}

function hasListener(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
