/** INIT: what the kernel offers, and what this server takes. */
import type { Exchange } from './dispatch-exchange.js';
import { Errno } from './errno.js';
import {
  IN_HEADER_SIZE,
  INIT_OUT_SIZE,
  InitFlag,
  InitFlag2,
  LITTLE_ENDIAN,
  MAX_PAGES,
  MAX_READ,
  MAX_WRITE,
  OUT_HEADER_SIZE,
  PROTOCOL_MAJOR,
  PROTOCOL_MINOR,
} from './protocol.js';

/** READ requests that the kernel may have on their way at once for readahead; its own default of 12 starves 2 workers. */
const MAX_BACKGROUND = 64;

const WANTED_FLAGS =
  InitFlag.asyncRead |
  InitFlag.exportSupport |
  InitFlag.doReaddirplus |
  InitFlag.readdirplusAuto |
  InitFlag.asyncDirectIo |
  InitFlag.parallelDirops |
  InitFlag.maxPages |
  InitFlag.cacheSymlinks |
  InitFlag.initExt;

export function init(exchange: Exchange): number {
  const { input, output } = exchange;
  const major = input.getUint32(IN_HEADER_SIZE, LITTLE_ENDIAN);
  const minor = input.getUint32(IN_HEADER_SIZE + 4, LITTLE_ENDIAN);
  const maxReadahead = input.getUint32(IN_HEADER_SIZE + 8, LITTLE_ENDIAN);
  const offered = input.getUint32(IN_HEADER_SIZE + 12, LITTLE_ENDIAN);

  exchange.payload(INIT_OUT_SIZE).fill(0);
  output.setUint32(OUT_HEADER_SIZE, PROTOCOL_MAJOR, LITTLE_ENDIAN);
  output.setUint32(OUT_HEADER_SIZE + 4, PROTOCOL_MINOR, LITTLE_ENDIAN);
  // A newer major is answered with ours alone; the kernel then sends a second INIT in our version.
  if (major > PROTOCOL_MAJOR) return INIT_OUT_SIZE;
  // The kernels before 7.36 send a shorter record, which ends with the flags.
  const isExtended = (offered & InitFlag.initExt) !== 0;
  const more = isExtended ? input.getUint32(IN_HEADER_SIZE + 16, LITTLE_ENDIAN) : 0;
  exchange.kernelVersion = { major, minor, resends: (more & InitFlag2.hasResend) !== 0 };
  if (!isSupportedVersion(major, minor)) return -Errno.EPROTO;

  // With this flag the kernel checks permissions itself, which is not for a mount that was not to check any.
  let wanted = exchange.posixAcl ? WANTED_FLAGS | InitFlag.posixAcl : WANTED_FLAGS;
  // With this one nobody can interrupt a direct read, which is well where none takes long.
  if (exchange.mayWait) wanted &= ~InitFlag.asyncDirectIo;
  output.setUint32(OUT_HEADER_SIZE + 8, Math.max(maxReadahead, MAX_READ), LITTLE_ENDIAN);
  output.setUint32(OUT_HEADER_SIZE + 12, wanted & offered, LITTLE_ENDIAN);
  output.setUint16(OUT_HEADER_SIZE + 16, MAX_BACKGROUND, LITTLE_ENDIAN);
  output.setUint16(OUT_HEADER_SIZE + 18, (MAX_BACKGROUND * 3) / 4, LITTLE_ENDIAN);
  output.setUint32(OUT_HEADER_SIZE + 20, MAX_WRITE, LITTLE_ENDIAN);
  // time_gran: nanoseconds
  output.setUint32(OUT_HEADER_SIZE + 24, 1, LITTLE_ENDIAN);
  output.setUint16(OUT_HEADER_SIZE + 28, MAX_PAGES, LITTLE_ENDIAN);
  output.setUint32(OUT_HEADER_SIZE + 32, more & InitFlag2.hasResend, LITTLE_ENDIAN);
  return INIT_OUT_SIZE;
}

export function isSupportedVersion(major: number, minor: number): boolean {
  return major === PROTOCOL_MAJOR && minor >= PROTOCOL_MINOR;
}
