/** Writing replies to /dev/fuse. */
import { writeSync } from 'node:fs';
import type { Dispatcher } from './dispatch.js';
import { Errno } from './errno.js';
import { LITTLE_ENDIAN, OUT_HEADER_SIZE } from './protocol.js';

/** Nobody waits for the reply any more: the request was interrupted, or the mount has ended. */
const REPLY_UNWANTED: ReadonlySet<unknown> = new Set(['ENOENT', 'ENODEV']);

/** Sends the first `length` bytes of the reply; an errno in their place where the kernel finds them wrong. */
export function sendReply(descriptor: number, dispatcher: Dispatcher, length: number): void {
  const { exchange } = dispatcher;
  try {
    writeSync(descriptor, exchange.reply, 0, length);
  } catch (error) {
    if (REPLY_UNWANTED.has((error as NodeJS.ErrnoException).code)) return;
    // The kernel found the reply wrong. It may still wait for one.
    exchange.report('reply', exchange.node, error as Error);
    sendRefusal(descriptor, exchange.reply.subarray(0, dispatcher.refuse(Errno.EIO)));
  }
}

/** An errno as the reply to the request that begins with `request`, its header at least. */
export function refusalOf(request: Uint8Array, errno: number): Uint8Array {
  const reply = new Uint8Array(OUT_HEADER_SIZE);
  const view = new DataView(reply.buffer);
  view.setUint32(0, OUT_HEADER_SIZE, LITTLE_ENDIAN);
  view.setInt32(4, -errno, LITTLE_ENDIAN);
  reply.set(request.subarray(8, 16), 8);
  return reply;
}

/** Sends an errno alone, which is never wrong: where it is not taken, nobody waits. */
export function sendRefusal(descriptor: number, reply: Uint8Array): void {
  try {
    writeSync(descriptor, reply);
  } catch {
    // Nobody waits for it.
  }
}
