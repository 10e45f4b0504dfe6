/**
 * Sockets whose reads go to one piece of memory, again and again, in the place of a new one each: V8 marks its whole heap for every
 * 32 MiB that sockets allocate, eleven times in 300 MB, which took a third of the time of a long stream.
 *
 * LAW: what such a socket's read() gives is lent until the next turn, which only who uses it up at once can stand. Of what undici
 * gets it keeps the fields alone until their end has come: so a read that may end within them is not lent but given.
 */
import type { OnReadOpts, Socket } from 'node:net';

/** Bytes of one read at most, by whichever socket: they take turns. */
const READ_SIZE = 256 * 1024;
/** Bytes: fields stand at the start of a read, and undici refuses more than 16 KiB of them. */
const LENT = 32 * 1024;

/** What has come and was not taken yet. */
const waiting = new WeakMap<Socket, Uint8Array>();

/** For net.connect(); to be followed by adoptReads() before anybody reads. */
export const REUSED_READS: { readonly onread: OnReadOpts } = {
  onread: { buffer: new Uint8Array(READ_SIZE), callback: hand },
};

function hand(this: unknown, count: number, memory: Uint8Array): boolean {
  const socket = this as Socket;
  waiting.set(socket, count < LENT ? memory.slice(0, count) : memory.subarray(0, count));
  socket.emit('readable');
  const left = waiting.get(socket);
  if (left === undefined) return true;
  // nobody took it: the socket reads on when somebody does
  waiting.set(socket, left.slice());
  return false;
}

/** From now on read() of the socket gives what came by REUSED_READS. */
export function adoptReads(socket: Socket): void {
  const read = socket.read;
  socket.read = (size?: number) => {
    // what was put back comes first; and this makes a socket that has stopped go on
    const earlier = read.call(socket, size);
    const bytes = waiting.get(socket);
    if (earlier !== null || bytes === undefined) return earlier;
    waiting.delete(socket);
    return bytes;
  };
}
