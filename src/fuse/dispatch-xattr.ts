/** GETXATTR and LISTXATTR. A size of 0 asks for the size alone. */
import type { Exchange } from './dispatch-exchange.js';
import { Errno } from './errno.js';
import {
  IN_HEADER_SIZE,
  LITTLE_ENDIAN,
  MAX_READ,
  OUT_HEADER_SIZE,
  SIZE_OUT_SIZE,
  writeHalves,
} from './protocol.js';

const TRUSTED = new TextEncoder().encode('trusted.');

/** ENOSYS, once it is known that there are none: the kernel then asks no more, and answers EOPNOTSUPP. */
export function getxattr(exchange: Exchange): number {
  if (exchange.state.hasNoXattrs) return -Errno.ENOSYS;
  const name = exchange.xattrName();
  if (name === undefined) return -Errno.EINVAL;
  const value = exchange.tree.getxattr(exchange.node, name);
  if (value === undefined) return -Errno.ENODATA;
  const room = exchange.input.getUint32(IN_HEADER_SIZE, LITTLE_ENDIAN);
  if (room === 0) return answerSize(exchange, value.length);
  return value.length > Math.min(room, MAX_READ) ? -Errno.ERANGE : exchange.answer(value);
}

/** Names end with a NUL each. `trusted.*` is for root's eyes, as in Linux's erofs. */
export function listxattr(exchange: Exchange): number {
  const names = exchange.tree.listxattr(exchange.node);
  const seesTrusted = exchange.uid === 0;
  const room = exchange.input.getUint32(IN_HEADER_SIZE, LITTLE_ENDIAN);
  const limit = room === 0 ? 0 : Math.min(room, MAX_READ);
  let length = 0;
  for (const name of names) {
    if (!seesTrusted && isTrusted(name)) continue;
    const end = length + name.length + 1;
    if (end <= limit) {
      exchange.reply.set(name, OUT_HEADER_SIZE + length);
      exchange.reply[OUT_HEADER_SIZE + end - 1] = 0;
    }
    length = end;
  }
  if (room === 0) return answerSize(exchange, length);
  return length > limit ? -Errno.ERANGE : length;
}

/** fuse_getxattr_out */
function answerSize(exchange: Exchange, size: number): number {
  writeHalves(exchange.output, OUT_HEADER_SIZE, 0, 0);
  exchange.output.setUint32(OUT_HEADER_SIZE, size, LITTLE_ENDIAN);
  return SIZE_OUT_SIZE;
}

function isTrusted(name: Uint8Array): boolean {
  if (name.length < TRUSTED.length) return false;
  for (let index = 0; index < TRUSTED.length; index++) {
    if (name[index] !== TRUSTED[index]) return false;
  }
  return true;
}
