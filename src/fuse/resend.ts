/** Asking the kernel for what nobody has answered. */
import { writeSync } from 'node:fs';
import { LITTLE_ENDIAN, NOTIFY_RESEND, OUT_HEADER_SIZE } from './protocol.js';

/**
 * All requests of the mount that were read and have no answer are to be read once more, before any others. Those that a living
 * server is at work on are among them: one of two answers then finds nobody who waits. Throws what writing throws.
 */
export function resendUnanswered(descriptor: number): void {
  const message = new DataView(new ArrayBuffer(OUT_HEADER_SIZE));
  message.setUint32(0, OUT_HEADER_SIZE, LITTLE_ENDIAN);
  message.setInt32(4, NOTIFY_RESEND, LITTLE_ENDIAN);
  writeSync(descriptor, message);
}
