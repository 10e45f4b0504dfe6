/** The log of a mount: JSON lines. LAW: the only importer of pino at run time; no line is written per request. */
import { type DestinationStream, destination, type Logger, pino } from 'pino';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/**
 * A log that writes to an open file descriptor. Each line is written before the call returns, so that the last
 * words of a dying process are not lost. The level is EROFSJS_LOG_LEVEL, `info` unless set.
 * Throws an Error with code 'usage' for an unknown level.
 */
export function openLog(descriptor: number): Logger {
  const level = process.env.EROFSJS_LOG_LEVEL ?? 'info';
  if (!LEVELS.includes(level)) {
    const message = `EROFSJS_LOG_LEVEL is ${level}, expected one of ${LEVELS.join(', ')}`;
    throw Object.assign(new Error(message), { code: 'usage' });
  }
  const file: DestinationStream = destination({ dest: descriptor, sync: true });
  return pino({ level, timestamp: pino.stdTimeFunctions.isoTime, base: { pid: process.pid } }, file);
}
