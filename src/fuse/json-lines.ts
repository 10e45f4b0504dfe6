/** Messages between processes: each is one line of JSON on a socket that joins the two. */
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** A peer that is gone hears nothing; its end is met elsewhere. */
export function tell<T>(socket: Socket, message: T): void {
  if (!socket.destroyed && socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls `hear` with each message until the other side ends, and then `ended`. */
export function hearAll<T>(socket: Socket, hear: (message: T) => void, ended: () => void): void {
  // A peer that is killed breaks the socket, which says no more than its end does.
  socket.on('error', () => {});
  createInterface(socket)
    .on('line', (line) => hear(JSON.parse(line) as T))
    .once('close', ended)
    .on('error', () => {});
}
