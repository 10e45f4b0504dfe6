/** A serving process, as crashing-serving-program.ts, on a kernel that sends no request again: the supervisor is told so. */
import { Socket } from 'node:net';
import { Serving } from '../../src/fuse/serving.js';

const { write } = Socket.prototype;
Socket.prototype.write = function (this: Socket, text: unknown, ...rest: unknown[]): boolean {
  const told = String(text).replace('"resends":true', '"resends":false');
  return Reflect.apply(write, this, [told, ...rest]);
} as typeof write;

new Serving({
  pumpProgram: new URL('./crashing-pump-thread.js', import.meta.url),
  openToWait: () => undefined,
});
