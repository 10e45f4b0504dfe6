/** Requests about a file's bytes: OPEN, READ, LSEEK. */
import type { Exchange } from './dispatch-exchange.js';
import { Errno } from './errno.js';
import {
  IN_HEADER_SIZE,
  LITTLE_ENDIAN,
  MAX_READ,
  OUT_HEADER_SIZE,
  readU64,
  SIZE_OUT_SIZE,
  writeU64,
} from './protocol.js';

const O_ACCMODE = 3;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;

/** ENOSYS: the kernel opens files itself from then on, keeps their pages, and sends no RELEASE. */
export function open(exchange: Exchange): number {
  const flags = exchange.input.getUint32(IN_HEADER_SIZE, LITTLE_ENDIAN);
  return (flags & O_ACCMODE) === 0 ? -Errno.ENOSYS : -Errno.EROFS;
}

/** The bytes go straight behind the reply's header. */
export function read(exchange: Exchange): number {
  const offset = readU64(exchange.input, IN_HEADER_SIZE + 8);
  const size = exchange.input.getUint32(IN_HEADER_SIZE + 16, LITTLE_ENDIAN);
  // A shorter answer would mean the end of the file.
  if (size > MAX_READ) return -Errno.EINVAL;
  if (offset === undefined) return 0;
  return exchange.tree.read(exchange.node, offset, exchange.payload(size));
}

export function lseek(exchange: Exchange): number {
  const offset = readU64(exchange.input, IN_HEADER_SIZE + 8);
  const whence = exchange.input.getUint32(IN_HEADER_SIZE + 16, LITTLE_ENDIAN);
  if (whence !== SEEK_DATA && whence !== SEEK_HOLE) return -Errno.EINVAL;
  if (offset === undefined) return -Errno.ENXIO;
  const found = exchange.tree.seek(exchange.node, offset, whence === SEEK_DATA ? 'data' : 'hole');
  if (found === undefined) return -Errno.ENXIO;
  writeU64(exchange.output, OUT_HEADER_SIZE, found);
  return SIZE_OUT_SIZE;
}
